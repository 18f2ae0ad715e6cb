"""Cautions of an analysis; null in older rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("analysis", sa.Column("cautions", sa.String(64)))


def downgrade() -> None:
    op.drop_column("analysis", "cautions")
