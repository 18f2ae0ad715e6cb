"""Stored media, consents and fingerprints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BANDS = ("band_1", "band_2", "band_3", "band_4")


def upgrade() -> None:
    _create_media()
    _create_consent()
    _create_fingerprint()


def downgrade() -> None:
    for table in ("fingerprint", "consent", "media"):
        op.drop_table(table)


def _create_media() -> None:
    op.create_table(
        "media",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("sha256", name=op.f("uq_media_sha256")),
        sa.UniqueConstraint("name", name=op.f("uq_media_name")),
        sa.CheckConstraint("kind IN ('image', 'video')", name=op.f("ck_media_kind")),
        sa.CheckConstraint(
            "format IN ('jpeg', 'png', 'webp', 'mp4', 'matroska', 'avi')", name=op.f("ck_media_format")
        ),
        sa.CheckConstraint("bytes > 0", name=op.f("ck_media_bytes")),
    )


def _create_consent() -> None:
    op.create_table(
        "consent",
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("text_version", sa.String(16), nullable=False),
        sa.Column("media_id", sa.Integer()),
        sa.Column("orientation", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("analysis_id", name=op.f("pk_consent")),
        sa.CheckConstraint("orientation BETWEEN 1 AND 8", name=op.f("ck_consent_orientation")),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_consent_analysis_id_analysis"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_consent_media_id_media")),
    )
    op.create_index(op.f("ix_consent_media_id"), "consent", ["media_id"])


def _create_fingerprint() -> None:
    op.create_table(
        "fingerprint",
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *(sa.Column(band, sa.Integer(), nullable=False) for band in _BANDS),
        sa.PrimaryKeyConstraint("analysis_id", "number", name=op.f("pk_fingerprint")),
        *(
            sa.CheckConstraint(f"{band} BETWEEN 0 AND 65535", name=op.f(f"ck_fingerprint_{band}"))
            for band in _BANDS
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analysis.id"],
            name=op.f("fk_fingerprint_analysis_id_analysis"),
            ondelete="CASCADE",
        ),
    )
    for band in _BANDS:
        op.create_index(op.f(f"ix_fingerprint_{band}"), "fingerprint", [band])
