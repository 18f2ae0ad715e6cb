"""The tables. No picture, file name or address of a visitor is in any of them. A change here needs a step in `migrations/versions`."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, DateTime, Dialect, ForeignKey, MetaData, String, Text, TypeDecorator, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from webapp.domain import MAX_NOTE, MAX_REGION_BYTES, Tag, Vote

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
_VOTES = ", ".join(f"'{vote}'" for vote in Vote)
_TAGS = ", ".join(f"'{tag}'" for tag in Tag)
_VERDICTS = "'real', 'fake', 'inconclusive'"


class UTCTime(TypeDecorator[datetime]):
    """Timezone-aware UTC in and out; SQLite by itself would forget the zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("times must carry their zone")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Analysis(Base):
    """One answer of the model. `receipt_hash` is the sha256 of the receipt that the uploader got.

    `temperature`, `real_below` and `fake_above` are those of the decision at the time, None for rows older than the columns;
    `notify`: the uploader wants the receipt's page to tell when a moderator has decided.
    """

    __tablename__ = "analysis"
    __table_args__ = (
        CheckConstraint("kind IN ('image', 'video')", name="kind"),
        CheckConstraint("outcome IN ('verdict', 'no_face', 'face_too_small', 'rejected')", name="outcome"),
        CheckConstraint(f"verdict IN ({_VERDICTS})", name="verdict"),
        CheckConstraint("(outcome = 'verdict') = (verdict IS NOT NULL)", name="verdict_given"),
        CheckConstraint("fake_prob BETWEEN 0 AND 1", name="fake_prob"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCTime, index=True)
    media_sha256: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    outcome: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[str | None] = mapped_column(String(16))
    fake_prob: Mapped[float | None]
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(Text)
    width: Mapped[int | None]
    height: Mapped[int | None]
    seconds: Mapped[float]
    model_name: Mapped[str] = mapped_column(String(128))
    model_version: Mapped[str] = mapped_column(String(128))
    model_sha256: Mapped[str] = mapped_column(String(64), index=True)
    temperature: Mapped[float | None]
    real_below: Mapped[float | None]
    fake_above: Mapped[float | None]
    notify: Mapped[bool] = mapped_column(default=False, server_default=false())
    faces: Mapped[list[Face]] = relationship(back_populates="analysis", cascade="all, delete-orphan", order_by="Face.number")
    feedback: Mapped[list[Feedback]] = relationship(back_populates="analysis", cascade="all, delete-orphan", order_by="Feedback.id")
    rescores: Mapped[list[Rescore]] = relationship(back_populates="analysis", cascade="all, delete-orphan", order_by="Rescore.id")


class Face(Base):
    """One face of an analysis, its box in pixels of the upright original. `number` counts from 1 over all frames."""

    __tablename__ = "face"
    __table_args__ = (
        UniqueConstraint("analysis_id", "number"),
        CheckConstraint(f"verdict IN ({_VERDICTS})", name="verdict"),
        CheckConstraint("fake_prob BETWEEN 0 AND 1", name="fake_prob"),
        CheckConstraint("number >= 1", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    x1: Mapped[float]
    y1: Mapped[float]
    x2: Mapped[float]
    y2: Mapped[float]
    detection_prob: Mapped[float]
    fake_logit: Mapped[float | None]
    fake_prob: Mapped[float | None]
    verdict: Mapped[str | None] = mapped_column(String(16))
    time: Mapped[float | None]
    track: Mapped[int | None]
    analysis: Mapped[Analysis] = relationship(back_populates="faces")


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


class Rescore(Base):
    """What another model, later, said of an analysed file; one row per weights file."""

    __tablename__ = "rescore"
    __table_args__ = (
        UniqueConstraint("analysis_id", "model_sha256"),
        CheckConstraint(f"verdict IN ({_VERDICTS})", name="verdict"),
        CheckConstraint("fake_prob BETWEEN 0 AND 1", name="fake_prob"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    model_name: Mapped[str] = mapped_column(String(128))
    model_version: Mapped[str] = mapped_column(String(128))
    model_sha256: Mapped[str] = mapped_column(String(64))
    fake_prob: Mapped[float]
    verdict: Mapped[str] = mapped_column(String(16))
    analysis: Mapped[Analysis] = relationship(back_populates="rescores")
