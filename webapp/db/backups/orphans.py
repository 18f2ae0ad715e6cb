"""Deletion of rows that lost their analysis. Plain SQL, because copies may have any version."""

from __future__ import annotations

from collections.abc import Collection

_IS_ORPHANED = "analysis_id IS NULL OR case_id IS NULL OR decision_id IS NULL"
# Table and statement, in order of execution.
_BY_TABLE = (
    ("media", "DELETE FROM media WHERE NOT EXISTS (SELECT 1 FROM consent WHERE consent.media_id = media.id)"),
    (
        "cases",
        "DELETE FROM cases WHERE NOT EXISTS (SELECT 1 FROM case_item WHERE case_item.case_id = cases.id)",
    ),
    (
        "snapshot_item",
        "UPDATE snapshot SET state = 'stale' "
        f"WHERE id IN (SELECT snapshot_id FROM snapshot_item WHERE {_IS_ORPHANED})",
    ),
    ("snapshot_item", f"DELETE FROM snapshot_item WHERE {_IS_ORPHANED}"),
)


def orphan_deletions(tables: Collection[str]) -> list[str]:
    """Return the statements to run after the deletion of analyses from a copy that has these tables."""
    return [statement for table, statement in _BY_TABLE if table in tables]
