"""Summary of each case in its row, and indices for the list of cases."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "kind": sa.String(8),
    "reason": sa.String(16),
    "model_version": sa.String(128),
    "verdict": sa.String(16),
    "decided_at": sa.DateTime(),
    "decided_value": sa.String(16),
}
_LISTED = ("opened_at", "public_id", "state", "decided_at", "decided_value")
_MORE_LISTED = ("kind", "verdict", "reason", "model_version", "has_conflict")

# First item of a case with its analysis.
_FIRST = (
    "FROM case_item JOIN analysis ON analysis.id = case_item.analysis_id "
    "WHERE case_item.id = (SELECT min(other.id) FROM case_item AS other WHERE other.case_id = cases.id)"
)
_DECISION = (
    "FROM decision WHERE decision.case_id = cases.id AND decision.undone_at IS NULL "
    "ORDER BY decision.id DESC LIMIT 1"
)
_VERDICT = """CASE
    WHEN case_item.subject = 0 OR case_item.fake_prob IS NULL THEN analysis.verdict
    WHEN analysis.kind = 'image' THEN (
        SELECT face.verdict FROM face
        WHERE face.analysis_id = case_item.analysis_id AND face.number = case_item.subject)
    WHEN analysis.real_below IS NULL THEN analysis.verdict
    WHEN case_item.fake_prob < analysis.real_below THEN 'real'
    WHEN case_item.fake_prob > analysis.fake_above THEN 'fake'
    ELSE 'inconclusive'
END"""
SUMMARY = f"""UPDATE cases SET
    kind = (SELECT analysis.kind {_FIRST}),
    reason = (SELECT case_item.reason {_FIRST}),
    model_version = (SELECT analysis.model_version {_FIRST}),
    verdict = (SELECT {_VERDICT} {_FIRST}),
    has_conflict = EXISTS (
        SELECT 1 FROM case_item JOIN analysis ON analysis.id = case_item.analysis_id
        WHERE case_item.case_id = cases.id AND analysis.conflict IS NOT NULL),
    decided_at = (SELECT decision.decided_at {_DECISION}),
    decided_value = (SELECT decision.value {_DECISION})"""


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.add_column("cases", sa.Column(name, kind))
    op.add_column("cases", sa.Column("has_conflict", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(SUMMARY)
    op.create_index("ix_cases_list", "cases", [*_LISTED, *_MORE_LISTED])
    op.create_index("ix_label_account_time", "label", ["account_id", "created_at"])
    op.create_index(
        "ix_label_case_value", "label", ["case_id", "value", "account_id", "stage", "withdrawn_at"]
    )


def downgrade() -> None:
    op.drop_index("ix_label_case_value", "label")
    op.drop_index("ix_label_account_time", "label")
    op.drop_index("ix_cases_list", "cases")
    for name in ("has_conflict", *reversed(_COLUMNS)):
        op.drop_column("cases", name)
