"""Imported files with their source and rights, and imports as a reason for cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_REASONS = "reason IN ('disagreement', 'uncertainty', 'audit', 'report', 'conflict')"
_MORE_REASONS = "reason IN ('disagreement', 'uncertainty', 'audit', 'report', 'conflict', 'import')"


def upgrade() -> None:
    op.create_table(
        "imported_file",
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(16), nullable=False),
        sa.CheckConstraint(
            "rule IN ('all', 'inconclusive', 'fake', 'none')", name=op.f("ck_imported_file_rule")
        ),
        sa.CheckConstraint("length(source) BETWEEN 1 AND 500", name=op.f("ck_imported_file_source")),
        sa.CheckConstraint("length(rights) BETWEEN 1 AND 500", name=op.f("ck_imported_file_rights")),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analysis.id"],
            name=op.f("fk_imported_file_analysis_id_analysis"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("analysis_id", name=op.f("pk_imported_file")),
        sa.UniqueConstraint("sha256", name=op.f("uq_imported_file_sha256")),
    )
    _set_reasons(_MORE_REASONS)


def downgrade() -> None:
    op.execute("UPDATE case_item SET reason = 'report' WHERE reason = 'import'")
    op.execute("UPDATE cases SET reason = 'report' WHERE reason = 'import'")
    _set_reasons(_REASONS)
    op.drop_table("imported_file")


def _set_reasons(condition: str) -> None:
    with op.batch_alter_table("case_item") as batch:
        batch.drop_constraint(op.f("ck_case_item_reason"), type_="check")
        batch.create_check_constraint(op.f("ck_case_item_reason"), condition)
