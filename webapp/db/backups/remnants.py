"""What hangs on analyses without going with them by itself: plain SQL, since copies may be of any version."""

from __future__ import annotations

from collections.abc import Collection

_LOOSE = "analysis_id IS NULL OR case_id IS NULL OR decision_id IS NULL"
_BY_TABLE = (  # in this order
    ("media", "DELETE FROM media WHERE NOT EXISTS (SELECT 1 FROM consent WHERE consent.media_id = media.id)"),
    (
        "cases",
        "DELETE FROM cases WHERE NOT EXISTS (SELECT 1 FROM case_item WHERE case_item.case_id = cases.id)",
    ),
    (
        "snapshot_item",
        f"UPDATE snapshot SET state = 'stale' WHERE id IN (SELECT snapshot_id FROM snapshot_item WHERE {_LOOSE})",
    ),
    ("snapshot_item", f"DELETE FROM snapshot_item WHERE {_LOOSE}"),
)


def removals(tables: Collection[str]) -> list[str]:
    """Statements to run after analyses were deleted from a copy that has these tables."""
    return [statement for table, statement in _BY_TABLE if table in tables]
