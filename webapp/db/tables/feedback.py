"""What visitors said of answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.base import Base, UTCTime
from webapp.domain import MAX_NOTE, MAX_REGION_BYTES, Tag, Vote

if TYPE_CHECKING:
    from webapp.db.tables.analysis import Analysis

_VOTES = ", ".join(f"'{vote}'" for vote in Vote)
_TAGS = ", ".join(f"'{tag}'" for tag in Tag)


class Feedback(Base):
    """What a visitor said of an analysis. Rows are never changed: a later one on the same subject counts instead.

    `subject` 0 is the whole file; from 1 on it is a picture's face, or a clip's person (track + 1).
    """

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint(f"vote IN ({_VOTES})", name="vote"),
        CheckConstraint("subject >= 0", name="subject"),
        CheckConstraint(f"length(note) <= {MAX_NOTE}", name="note"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    subject: Mapped[int]
    vote: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")
    idempotency_key: Mapped[str] = mapped_column(String(128), unique=True)
    analysis: Mapped[Analysis] = relationship(back_populates="feedback")
    tags: Mapped[list[FeedbackTag]] = relationship(back_populates="feedback", cascade="all, delete-orphan")
    region: Mapped[Region | None] = relationship(back_populates="feedback", cascade="all, delete-orphan")


class FeedbackTag(Base):
    """One reason a visitor gave for a vote, a row each so that they can be counted."""

    __tablename__ = "feedback_tag"
    __table_args__ = (CheckConstraint(f"tag IN ({_TAGS})", name="tag"),)

    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(16), primary_key=True, index=True)
    feedback: Mapped[Feedback] = relationship(back_populates="tags")


class Region(Base):
    """What a visitor painted for a vote: a grey PNG laid over the whole upright picture, its subject the vote's."""

    __tablename__ = "region"
    __table_args__ = (CheckConstraint(f"length(png) <= {MAX_REGION_BYTES}", name="png"),)

    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True)
    width: Mapped[int]
    height: Mapped[int]
    png: Mapped[bytes]
    feedback: Mapped[Feedback] = relationship(back_populates="region")
