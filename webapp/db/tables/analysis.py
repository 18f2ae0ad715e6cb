"""What the model answered: an analysis, its faces, and what later models said of the same file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.base import Base, UTCTime
from webapp.domain.enums import Tag, Vote
from webapp.domain.limits import MAX_NOTE, MAX_REGION_BYTES

_VERDICTS = "'real', 'fake', 'inconclusive'"


class Analysis(Base):
    """One answer of the model. `receipt_hash` is the sha256 of the receipt that the uploader got.

    `temperature`, `real_below` and `fake_above` are those of the decision at the time, None for rows older than the columns;
    `notify`: the uploader wants the receipt's page to tell when a moderator has decided; `looked_at`: when it was last looked at whether
    it becomes a case, None: not yet, so that nothing has been drawn either; `held`: whether a picture's verdict is the same once those of
    its faces that do not hold are inconclusive, None: not tried, as with clips, of which a single frame is tried; `cautions`: codes of
    `laanet_core.results.Caution` with commas between, None for rows older than the column.
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
    faces: Mapped[list[Face]] = relationship(
        back_populates="analysis", cascade="all, delete-orphan", order_by="Face.number"
    )
    feedback: Mapped[list[Feedback]] = relationship(
        back_populates="analysis", cascade="all, delete-orphan", order_by="Feedback.id"
    )
    rescores: Mapped[list[Rescore]] = relationship(
        back_populates="analysis", cascade="all, delete-orphan", order_by="Rescore.id"
    )
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


class Fingerprint(Base):
    """A perceptual hash of an analysed picture (`number` 0), or of one of a clip's frames.

    The 64 bits lie in four bands of 16, highest first, each with an index: near hashes agree in a band, or all but (see
    `webapp.db.near_duplicates`). No picture can be made from them again.
    """

    __tablename__ = "fingerprint"
    __table_args__ = tuple(
        CheckConstraint(f"band_{n} BETWEEN 0 AND 65535", name=f"band_{n}") for n in (1, 2, 3, 4)
    )

    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    band_1: Mapped[int] = mapped_column(index=True)
    band_2: Mapped[int] = mapped_column(index=True)
    band_3: Mapped[int] = mapped_column(index=True)
    band_4: Mapped[int] = mapped_column(index=True)
    analysis: Mapped[Analysis] = relationship(back_populates="fingerprints")


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
