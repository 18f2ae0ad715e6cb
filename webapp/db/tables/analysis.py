"""What the model answered: an analysis, its faces, and what later models said of the same file."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.base import Base, UTCTime

if TYPE_CHECKING:
    from webapp.db.tables.feedback import Feedback
    from webapp.db.tables.fingerprint import Fingerprint
    from webapp.db.tables.media import Consent

_VERDICTS = "'real', 'fake', 'inconclusive'"


class Analysis(Base):
    """One answer of the model. `receipt_hash` is the sha256 of the receipt that the uploader got.

    `temperature`, `real_below` and `fake_above` are those of the decision at the time, None for rows older than the columns;
    `notify`: the uploader wants the receipt's page to tell when a moderator has decided; `looked_at`: when it was last looked at whether
    it becomes a case, None: not yet, so that nothing has been drawn either; `held`: whether a picture's verdict is the same once those of
    its faces that do not hold are inconclusive, None: not tried, as with clips, of which a single frame is tried; `cautions`: codes of
    `laanet_core.cautions` with commas between, None for rows older than the column.
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
    looked_at: Mapped[datetime | None] = mapped_column(UTCTime)
    held: Mapped[bool | None]
    cautions: Mapped[str | None] = mapped_column(String(64))
    faces: Mapped[list[Face]] = relationship(back_populates="analysis", cascade="all, delete-orphan", order_by="Face.number")
    feedback: Mapped[list[Feedback]] = relationship(back_populates="analysis", cascade="all, delete-orphan", order_by="Feedback.id")
    rescores: Mapped[list[Rescore]] = relationship(back_populates="analysis", cascade="all, delete-orphan", order_by="Rescore.id")
    fingerprints: Mapped[list[Fingerprint]] = relationship(
        back_populates="analysis", cascade="all, delete-orphan", order_by="Fingerprint.number"
    )
    consent: Mapped[Consent | None] = relationship(back_populates="analysis", cascade="all, delete-orphan")


class Face(Base):
    """One face of an analysis, its box in pixels of the upright original. `number` counts from 1 over all frames; `held`: whether its
    verdict held when the picture lost quality, None: not tried.
    """

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
    held: Mapped[bool | None]
    analysis: Mapped[Analysis] = relationship(back_populates="faces")


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
