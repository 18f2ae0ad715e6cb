"""Analyses, and what is deleted with them: faces, votes, rescores, fingerprints, media, imports."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.base import Base, UTCTime, one_of
from webapp.domain.enums import ImportRule, Tag, Vote
from webapp.domain.limits import MAX_NOTE, MAX_REGION_BYTES, MAX_STATEMENT

_VERDICTS = "'real', 'fake', 'inconclusive'"


class Analysis(Base):
    """Result of the model for one file."""

    __tablename__ = "analysis"
    __table_args__ = (
        CheckConstraint("kind IN ('image', 'video')", name="kind"),
        CheckConstraint("outcome IN ('verdict', 'no_face', 'face_too_small', 'rejected')", name="outcome"),
        CheckConstraint(f"verdict IN ({_VERDICTS})", name="verdict"),
        CheckConstraint("(outcome = 'verdict') = (verdict IS NOT NULL)", name="verdict_given"),
        CheckConstraint("fake_prob BETWEEN 0 AND 1", name="fake_prob"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # sha256 of the receipt that the uploader received.
    receipt_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # Public number of the reports on the result, see `webapp.security.tokens.report_number`. None in rows
    # older than the column, which have no signed report.
    report_number: Mapped[str | None] = mapped_column(String(32), unique=True, index=True)
    created_at: Mapped[datetime] = mapped_column(UTCTime, index=True)
    # sha256 of the file as uploaded.
    media_sha256: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    outcome: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[str | None] = mapped_column(String(16))
    # Calibrated; video-level for clips.
    fake_prob: Mapped[float | None]
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(Text)
    # Pixels of the upright original.
    width: Mapped[int | None]
    height: Mapped[int | None]
    # Duration of the analysis.
    seconds: Mapped[float]
    model_name: Mapped[str] = mapped_column(String(128))
    model_version: Mapped[str] = mapped_column(String(128))
    model_sha256: Mapped[str] = mapped_column(String(64), index=True)
    # Decision configuration of the model. None in rows older than these columns.
    temperature: Mapped[float | None]
    real_below: Mapped[float | None]
    fake_above: Mapped[float | None]
    # The uploader asked for the decision of a moderator.
    notify: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Time of the last triage. None: triage has not considered the analysis, nor drawn it for the audit
    # sample.
    triaged_at: Mapped[datetime | None] = mapped_column("looked_at", UTCTime)
    # True if the verdict stays the same when unstable faces count as inconclusive. None: not tested. The test
    # of a clip covers one frame only, which says nothing about the clip.
    is_stable: Mapped[bool | None] = mapped_column("held")
    # Codes of `laanet_core.results.Caution`, separated by commas. None in rows older than the column.
    cautions: Mapped[str | None] = mapped_column(String(64))
    # Coverage of a clip: frames searched for faces, the seconds for which they stand, and its length in
    # seconds. None for images and in rows older than the columns.
    frames_judged: Mapped[int | None]
    seconds_covered: Mapped[float | None]
    clip_seconds: Mapped[float | None]
    # JSON of `laanet_core.documents.FileProvenanceDocument`. None: not read, or older than the column.
    provenance: Mapped[str | None] = mapped_column(Text)
    # Code of `laanet_core.results.Conflict`.
    conflict: Mapped[str | None] = mapped_column(String(48))

    faces: Mapped[list[Face]] = relationship(
        back_populates="analysis", cascade="all, delete-orphan", order_by="Face.number"
    )
    segments: Mapped[list[SegmentRow]] = relationship(
        back_populates="analysis", cascade="all, delete-orphan", order_by="SegmentRow.number"
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
    imported: Mapped[ImportedFile | None] = relationship(
        back_populates="analysis", cascade="all, delete-orphan"
    )


class Face(Base):
    """Face of an analysis."""

    __tablename__ = "face"
    __table_args__ = (
        UniqueConstraint("analysis_id", "number"),
        CheckConstraint(f"verdict IN ({_VERDICTS})", name="verdict"),
        CheckConstraint("fake_prob BETWEEN 0 AND 1", name="fake_prob"),
        CheckConstraint("number >= 1", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), index=True)
    # Counts from 1 over all frames.
    number: Mapped[int]
    # Box in pixels of the upright original.
    x1: Mapped[float]
    y1: Mapped[float]
    x2: Mapped[float]
    y2: Mapped[float]
    detection_prob: Mapped[float]
    fake_logit: Mapped[float | None]
    # Calibrated, frame-level.
    fake_prob: Mapped[float | None]
    verdict: Mapped[str | None] = mapped_column(String(16))
    # Seconds from the start of the clip. None for images.
    time: Mapped[float | None]
    # Number of the clip's track, from 0.
    track: Mapped[int | None]
    # True if the verdict survives a loss of image quality. None: not tested.
    is_stable: Mapped[bool | None] = mapped_column("held")
    # Code of `laanet_core.results.NotJudgedReason`. None for a face with a score.
    not_judged: Mapped[str | None] = mapped_column(String(16))
    # Measures of `laanet_core.results.FaceQuality`. None in rows older than the columns.
    side: Mapped[float | None]
    sharpness: Mapped[float | None]
    inside: Mapped[float | None]
    roll: Mapped[float | None]
    analysis: Mapped[Analysis] = relationship(back_populates="faces")


class SegmentRow(Base):
    """Passage of a clip's track without a change of the verdict."""

    __tablename__ = "segment"
    __table_args__ = (
        UniqueConstraint("analysis_id", "number"),
        CheckConstraint(f"verdict IN ({_VERDICTS})", name="verdict"),
        CheckConstraint("fake_prob BETWEEN 0 AND 1", name="fake_prob"),
        CheckConstraint("number >= 1", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), index=True)
    # Counts from 1 in the order of time.
    number: Mapped[int]
    # Number of the clip's track, from 0.
    track: Mapped[int]
    # Seconds from the start of the clip.
    start_time: Mapped[float]
    end_time: Mapped[float]
    # Mean over the judged frames of the passage, and its calibrated probability.
    fake_logit: Mapped[float]
    fake_prob: Mapped[float]
    verdict: Mapped[str] = mapped_column(String(16))
    frames: Mapped[int]
    # True if one frame is enough, because its picture does not change.
    still: Mapped[bool]
    analysis: Mapped[Analysis] = relationship(back_populates="segments")


class Rescore(Base):
    """Score of a later model for an analysed file. There is one row per weights file."""

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
    # Calibrated; video-level for clips.
    fake_prob: Mapped[float]
    verdict: Mapped[str] = mapped_column(String(16))
    analysis: Mapped[Analysis] = relationship(back_populates="rescores")


class Feedback(Base):
    """Vote of a visitor. Rows never change; the last vote on a subject counts."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint(one_of("vote", Vote), name="vote"),
        CheckConstraint("subject >= 0", name="subject"),
        CheckConstraint(f"length(note) <= {MAX_NOTE}", name="note"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    # 0: the whole file. From 1: the number of an image's face, or a clip's track + 1.
    subject: Mapped[int]
    vote: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")
    # A repeated request with the same key stores nothing.
    idempotency_key: Mapped[str] = mapped_column(String(128), unique=True)
    analysis: Mapped[Analysis] = relationship(back_populates="feedback")
    tags: Mapped[list[FeedbackTag]] = relationship(back_populates="feedback", cascade="all, delete-orphan")
    region: Mapped[FeedbackRegion | None] = relationship(
        back_populates="feedback", cascade="all, delete-orphan"
    )


class FeedbackTag(Base):
    """Reason of a vote. Each has a row, so that reasons can be counted."""

    __tablename__ = "feedback_tag"
    __table_args__ = (CheckConstraint(one_of("tag", Tag), name="tag"),)

    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(16), primary_key=True, index=True)
    feedback: Mapped[Feedback] = relationship(back_populates="tags")


class FeedbackRegion(Base):
    """Region that a visitor painted for a vote."""

    __tablename__ = "region"
    __table_args__ = (CheckConstraint(f"length(png) <= {MAX_REGION_BYTES}", name="png"),)

    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True)
    # Pixels of the mask, which covers the whole upright image.
    width: Mapped[int]
    height: Mapped[int]
    # Grey PNG; 0 is unpainted.
    png: Mapped[bytes]
    feedback: Mapped[Feedback] = relationship(back_populates="region")


class Fingerprint(Base):
    """Perceptual hash of an image or of a clip's frame. The image cannot be restored from it.

    The 64 bits are stored in four bands of 16, most significant first, each with an index. In near-duplicates
    at least one band is equal or differs in few bits (see `webapp.db.near_duplicates`).
    """

    __tablename__ = "fingerprint"
    __table_args__ = tuple(
        CheckConstraint(f"band_{n} BETWEEN 0 AND 65535", name=f"band_{n}") for n in (1, 2, 3, 4)
    )

    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    # Counts from 0.
    number: Mapped[int] = mapped_column(primary_key=True)
    band_1: Mapped[int] = mapped_column(index=True)
    band_2: Mapped[int] = mapped_column(index=True)
    band_3: Mapped[int] = mapped_column(index=True)
    band_4: Mapped[int] = mapped_column(index=True)
    analysis: Mapped[Analysis] = relationship(back_populates="fingerprints")


class Media(Base):
    """Stored file without metadata. Identical files of several visitors are stored once."""

    __tablename__ = "media"
    __table_args__ = (
        CheckConstraint("kind IN ('image', 'video')", name="kind"),
        CheckConstraint("format IN ('jpeg', 'png', 'webp', 'mp4', 'matroska', 'avi')", name="format"),
        CheckConstraint("bytes > 0", name="bytes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # sha256 of the stored bytes. It identifies the file.
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    # Random name in the media store, which reveals nothing about the file. If a file is stored again during
    # the deletion of its copy, the two have different names.
    name: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    format: Mapped[str] = mapped_column(String(16))
    bytes: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCTime)


class Consent(Base):
    """Consent of a visitor to the storage of a file, or the host's import. Only these rows refer to media."""

    __tablename__ = "consent"
    __table_args__ = (CheckConstraint("orientation BETWEEN 1 AND 8", name="orientation"),)

    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    given_at: Mapped[datetime] = mapped_column(UTCTime)
    # Version of the consent text, or IMPORTED; see `webapp.domain.consent`.
    text_version: Mapped[str] = mapped_column(String(16))
    # None if the store had no room.
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"), index=True)
    # EXIF orientation, 1 to 8, that turns a stored JPEG upright. Other formats are stored upright, with 1.
    orientation: Mapped[int] = mapped_column(default=1, server_default="1")
    analysis: Mapped[Analysis] = relationship(back_populates="consent")
    media: Mapped[Media | None] = relationship()


class ImportedFile(Base):
    """File that the host imported, with its source and the stated right to use it."""

    __tablename__ = "imported_file"
    __table_args__ = (
        CheckConstraint(one_of("rule", ImportRule), name="rule"),
        CheckConstraint(f"length(source) BETWEEN 1 AND {MAX_STATEMENT}", name="source"),
        CheckConstraint(f"length(rights) BETWEEN 1 AND {MAX_STATEMENT}", name="rights"),
    )

    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    # sha256 of the file as imported. A file is imported once.
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    source: Mapped[str] = mapped_column(Text)
    rights: Mapped[str] = mapped_column(Text)
    # Rule by which the file opens cases.
    rule: Mapped[str] = mapped_column(String(16))
    analysis: Mapped[Analysis] = relationship(back_populates="imported")
