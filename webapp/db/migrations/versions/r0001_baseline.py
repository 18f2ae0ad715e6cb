"""Tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_analysis()
    _create_face()
    _create_feedback()


def downgrade() -> None:
    for table in ("feedback", "face", "analysis"):
        op.drop_table(table)


def _create_analysis() -> None:
    op.create_table(
        "analysis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("media_sha256", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("verdict", sa.String(16)),
        sa.Column("fake_prob", sa.Double()),
        sa.Column("error_code", sa.String(64)),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("model_name", sa.String(128), nullable=False),
        sa.Column("model_version", sa.String(128), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis")),
        sa.CheckConstraint("kind IN ('image', 'video')", name=op.f("ck_analysis_kind")),
        sa.CheckConstraint(
            "outcome IN ('verdict', 'no_face', 'face_too_small', 'rejected')",
            name=op.f("ck_analysis_outcome"),
        ),
        sa.CheckConstraint("verdict IN ('real', 'fake', 'inconclusive')", name=op.f("ck_analysis_verdict")),
        sa.CheckConstraint(
            "(outcome = 'verdict') = (verdict IS NOT NULL)", name=op.f("ck_analysis_verdict_given")
        ),
        sa.CheckConstraint("fake_prob BETWEEN 0 AND 1", name=op.f("ck_analysis_fake_prob")),
        sa.UniqueConstraint("receipt_hash", name=op.f("uq_analysis_receipt_hash")),
    )
    for column in ("created_at", "media_sha256", "model_sha256"):
        op.create_index(op.f(f"ix_analysis_{column}"), "analysis", [column])


def _create_face() -> None:
    op.create_table(
        "face",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("x1", "y1", "x2", "y2", "detection_prob")
        ),
        sa.Column("fake_logit", sa.Double()),
        sa.Column("fake_prob", sa.Double()),
        sa.Column("verdict", sa.String(16)),
        sa.Column("time", sa.Double()),
        sa.Column("track", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face")),
        sa.UniqueConstraint("analysis_id", "number", name=op.f("uq_face_analysis_id")),
        sa.CheckConstraint("verdict IN ('real', 'fake', 'inconclusive')", name=op.f("ck_face_verdict")),
        sa.CheckConstraint("fake_prob BETWEEN 0 AND 1", name=op.f("ck_face_fake_prob")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_face_number")),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_face_analysis_id_analysis"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_face_analysis_id"), "face", ["analysis_id"])


def _create_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("vote", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.CheckConstraint("vote IN ('agree', 'disagree', 'not_sure')", name=op.f("ck_feedback_vote")),
        sa.CheckConstraint("subject >= 0", name=op.f("ck_feedback_subject")),
        sa.CheckConstraint("length(note) <= 2000", name=op.f("ck_feedback_note")),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analysis.id"],
            name=op.f("fk_feedback_analysis_id_analysis"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_feedback_idempotency_key")),
    )
    op.create_index(op.f("ix_feedback_analysis_id"), "feedback", ["analysis_id"])
