"""Kept media, and what its visitors agreed to."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.base import Base, UTCTime

if TYPE_CHECKING:
    from webapp.db.tables.analysis import Analysis


class Media(Base):
    """One kept file, bare of metadata, however many visitors gave it.

    `sha256` is of the bytes as they are kept, and what makes two files the same. `name` is random: a file that is stored anew while its
    twin is being deleted lies elsewhere, so that neither can hit the other, and the store's listing tells nothing of what is in it.
    """

    __tablename__ = "media"
    __table_args__ = (
        CheckConstraint("kind IN ('image', 'video')", name="kind"),
        CheckConstraint("format IN ('jpeg', 'png', 'webp', 'mp4', 'matroska', 'avi')", name="format"),
        CheckConstraint("bytes > 0", name="bytes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    format: Mapped[str] = mapped_column(String(16))
    bytes: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCTime)


class Consent(Base):
    """A visitor agreed, at `given_at`, to the text of `text_version`, that the file of an analysis is kept.

    `media` is what was kept; None where there was no room. Media hangs on rows of this table alone: none is kept without consent.
    `orientation` (EXIF, 1 to 8) turns a kept JPEG upright; other kinds are kept upright, with 1.
    """

    __tablename__ = "consent"
    __table_args__ = (CheckConstraint("orientation BETWEEN 1 AND 8", name="orientation"),)

    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    given_at: Mapped[datetime] = mapped_column(UTCTime)
    text_version: Mapped[str] = mapped_column(String(16))
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"), index=True)
    orientation: Mapped[int] = mapped_column(default=1, server_default="1")
    analysis: Mapped[Analysis] = relationship(back_populates="consent")
    media: Mapped[Media | None] = relationship()
