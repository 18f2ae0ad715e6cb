"""Stability of verdicts; null if it was not tested."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("analysis", "face"):
        op.add_column(table, sa.Column("held", sa.Boolean()))


def downgrade() -> None:
    for table in ("face", "analysis"):
        op.drop_column(table, "held")
