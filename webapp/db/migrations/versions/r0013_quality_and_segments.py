"""Quality of faces, reasons not to judge them, and segments and coverage of clips; null in older rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_FACE_MEASURES = ("side", "sharpness", "inside", "roll")
_COVERAGE = {
    "frames_judged": sa.Integer,
    "seconds_covered": sa.Double,
    "clip_seconds": sa.Double,
}


def upgrade() -> None:
    op.add_column("face", sa.Column("not_judged", sa.String(16)))
    for name in _FACE_MEASURES:
        op.add_column("face", sa.Column(name, sa.Double()))
    # Up to this revision size was the only reason not to judge a face.
    op.execute("UPDATE face SET not_judged = 'too_small' WHERE fake_logit IS NULL")
    for name, kind in _COVERAGE.items():
        op.add_column("analysis", sa.Column(name, kind()))
    op.create_table(
        "segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("track", sa.Integer(), nullable=False),
        sa.Column("start_time", sa.Double(), nullable=False),
        sa.Column("end_time", sa.Double(), nullable=False),
        sa.Column("fake_logit", sa.Double(), nullable=False),
        sa.Column("fake_prob", sa.Double(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("still", sa.Boolean(), nullable=False),
        sa.CheckConstraint("verdict IN ('real', 'fake', 'inconclusive')", name=op.f("ck_segment_verdict")),
        sa.CheckConstraint("fake_prob BETWEEN 0 AND 1", name=op.f("ck_segment_fake_prob")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_segment_number")),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_segment_analysis_id_analysis"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("analysis_id", "number", name=op.f("uq_segment_analysis_id")),
    )
    op.create_index(op.f("ix_segment_analysis_id"), "segment", ["analysis_id"])


def downgrade() -> None:
    op.drop_table("segment")
    for name in reversed(_COVERAGE):
        op.drop_column("analysis", name)
    for name in ("not_judged", *_FACE_MEASURES):
        op.drop_column("face", name)
