"""Provenance of files, conflicts with it, and conflicts as a reason for cases; null in older rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_REASONS = "reason IN ('disagreement', 'uncertainty', 'audit', 'report')"
_MORE_REASONS = "reason IN ('disagreement', 'uncertainty', 'audit', 'report', 'conflict')"


def upgrade() -> None:
    op.add_column("analysis", sa.Column("provenance", sa.Text()))
    op.add_column("analysis", sa.Column("conflict", sa.String(48)))
    _set_reasons(_MORE_REASONS)


def downgrade() -> None:
    op.execute("UPDATE case_item SET reason = 'disagreement' WHERE reason = 'conflict'")
    _set_reasons(_REASONS)
    op.drop_column("analysis", "conflict")
    op.drop_column("analysis", "provenance")


def _set_reasons(condition: str) -> None:
    with op.batch_alter_table("case_item") as batch:
        batch.drop_constraint(op.f("ck_case_item_reason"), type_="check")
        batch.create_check_constraint(op.f("ck_case_item_reason"), condition)
