"""Public number of the reports on a result; null in older rows, whose receipts are not stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("analysis", sa.Column("report_number", sa.String(32)))
    op.create_index(op.f("ix_analysis_report_number"), "analysis", ["report_number"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_analysis_report_number"), "analysis")
    op.drop_column("analysis", "report_number")
