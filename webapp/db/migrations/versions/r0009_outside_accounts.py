"""Accounts of an OpenID Connect provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("outside_id", sa.String(512)))
    op.create_index("ix_account_outside_id", "account", ["outside_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_account_outside_id", "account")
    op.drop_column("account", "outside_id")
