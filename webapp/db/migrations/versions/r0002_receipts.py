"""Columns and tables of the receipt page: thresholds, notification, tags, regions, rescores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("analysis") as batch:
        batch.add_column(sa.Column("error_message", sa.Text()))
        for name in ("temperature", "real_below", "fake_above"):
            batch.add_column(sa.Column(name, sa.Double()))
        batch.add_column(sa.Column("notify", sa.Boolean(), server_default=sa.false(), nullable=False))
    _create_tag()
    _create_region()
    _create_rescore()


def downgrade() -> None:
    for table in ("rescore", "region", "feedback_tag"):
        op.drop_table(table)
    for name in ("notify", "fake_above", "real_below", "temperature", "error_message"):
        # SQLite 3.35 and later drop a column in place.
        op.drop_column("analysis", name)


def _create_tag() -> None:
    tags = "'boundary', 'texture', 'lighting', 'teeth', 'eyes', 'temporal', 'other'"
    op.create_table(
        "feedback_tag",
        sa.Column("feedback_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("feedback_id", "tag", name=op.f("pk_feedback_tag")),
        sa.CheckConstraint(f"tag IN ({tags})", name=op.f("ck_feedback_tag_tag")),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.id"],
            name=op.f("fk_feedback_tag_feedback_id_feedback"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_feedback_tag_tag"), "feedback_tag", ["tag"])


def _create_region() -> None:
    op.create_table(
        "region",
        sa.Column("feedback_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("feedback_id", name=op.f("pk_region")),
        sa.CheckConstraint("length(png) <= 65536", name=op.f("ck_region_png")),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name=op.f("fk_region_feedback_id_feedback"), ondelete="CASCADE"
        ),
    )


def _create_rescore() -> None:
    op.create_table(
        "rescore",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("model_name", sa.String(128), nullable=False),
        sa.Column("model_version", sa.String(128), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("fake_prob", sa.Double(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescore")),
        sa.UniqueConstraint("analysis_id", "model_sha256", name=op.f("uq_rescore_analysis_id")),
        sa.CheckConstraint("verdict IN ('real', 'fake', 'inconclusive')", name=op.f("ck_rescore_verdict")),
        sa.CheckConstraint("fake_prob BETWEEN 0 AND 1", name=op.f("ck_rescore_fake_prob")),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_rescore_analysis_id_analysis"), ondelete="CASCADE"
        ),
    )
