"""Triage time, gold cases, displayed media, pseudonyms, webhook outbox and region agreement."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("analysis", sa.Column("looked_at", sa.DateTime()))
    op.add_column("case_item", sa.Column("fake_prob", sa.Double()))
    op.add_column("label", sa.Column("media_sha256", sa.String(64)))
    op.add_column("decision", sa.Column("media_sha256", sa.String(64)))
    _add_pseudonym()
    _create_gold()
    _create_outbox()
    _create_region_agreement()


def downgrade() -> None:
    for table in ("region_agreement", "outbox", "gold"):
        op.drop_table(table)
    op.drop_index("ix_account_pseudonym", "account")
    for table, column in (
        ("account", "pseudonym"),
        ("decision", "media_sha256"),
        ("label", "media_sha256"),
        ("case_item", "fake_prob"),
        ("analysis", "looked_at"),
    ):
        op.drop_column(table, column)


def _add_pseudonym() -> None:
    """Add a random pseudonym to every account."""
    op.add_column("account", sa.Column("pseudonym", sa.String(32), server_default="", nullable=False))
    account = sa.table("account", sa.column("id", sa.Integer), sa.column("pseudonym", sa.String))
    connection = op.get_bind()
    for number in connection.scalars(sa.select(account.c.id)).all():
        connection.execute(
            sa.update(account).where(account.c.id == number).values(pseudonym=secrets.token_hex(16))
        )
    op.create_index("ix_account_pseudonym", "account", ["pseudonym"], unique=True)


def _create_gold() -> None:
    op.create_table(
        "gold",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("value IN ('real', 'fake')", name=op.f("ck_gold_value")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_gold_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_gold")),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("public_id", name=op.f("uq_outbox_public_id")),
    )
    op.create_index(op.f("ix_outbox_next_at"), "outbox", ["next_at"])


def _create_region_agreement() -> None:
    op.create_table(
        "region_agreement",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("model_version", sa.String(128), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("hit", sa.Boolean()),
        sa.Column("iou", sa.Double()),
        sa.CheckConstraint("iou BETWEEN 0 AND 1", name=op.f("ck_region_agreement_iou")),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label.id"], name=op.f("fk_region_agreement_label_id_label"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("label_id", "model_sha256", name=op.f("pk_region_agreement")),
    )
