"""What hangs on analyses without going with them by itself: plain SQL, since copies may be of any version."""

from __future__ import annotations

from collections.abc import Collection

_BY_TABLE = {
    "media": "DELETE FROM media WHERE NOT EXISTS (SELECT 1 FROM consent WHERE consent.media_id = media.id)",
    "cases": "DELETE FROM cases WHERE NOT EXISTS (SELECT 1 FROM case_item WHERE case_item.case_id = cases.id)",
}


def removals(tables: Collection[str]) -> list[str]:
    """Statements to run after analyses were deleted from a copy that has these tables."""
    return [statement for table, statement in _BY_TABLE.items() if table in tables]
