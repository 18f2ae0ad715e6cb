"""Cases of the moderators, with claims, labels and decisions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.account import Account
from webapp.db.tables.analysis import Analysis
from webapp.db.tables.base import Base, UTCTime, one_of
from webapp.domain.enums import CaseState, LabelValue, Reason, Stage, Tag
from webapp.domain.limits import MAX_NOTE, MAX_REGION_BYTES


class Case(Base):
    """Face, or whole file, that moderators decide on. Near-duplicates share a case."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(one_of("state", CaseState), name="state"),
        Index("ix_cases_state_rank", "state", "rank"),
        # Has every column that the list of cases filters by, so that a filter reads no rows of the table.
        Index(
            "ix_cases_list",
            *("opened_at", "public_id", "state", "decided_at", "decided_value"),
            *("kind", "verdict", "reason", "model_version", "has_conflict"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    opened_at: Mapped[datetime] = mapped_column(UTCTime)
    state: Mapped[str] = mapped_column(String(16))
    # Independent labels that are required.
    wanted: Mapped[int]
    # log(uncertainty * dispute) + (age of the case) / LENS_CASE_AGE, up to a constant: the rank subtracts the
    # time of the opening instead of adding the age. So the order does not depend on the current time.
    rank: Mapped[float]
    # Drawn at random for the audit sample.
    audited: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Summary of other tables for the list of cases. `webapp.db.case_summaries` writes it.
    # Of the first item: kind of its file, reason, version of the model, and its verdict on the subject.
    kind: Mapped[str | None] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(16))
    model_version: Mapped[str | None] = mapped_column(String(128))
    verdict: Mapped[str | None] = mapped_column(String(16))
    # A file of the case contradicts itself or the model.
    has_conflict: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Current decision. Gold cases never have one.
    decided_at: Mapped[datetime | None] = mapped_column(UTCTime)
    decided_value: Mapped[str | None] = mapped_column(String(16))
    gold: Mapped[Gold | None] = relationship(back_populates="case", cascade="all, delete-orphan")
    items: Mapped[list[CaseItem]] = relationship(
        back_populates="case", cascade="all, delete-orphan", order_by="CaseItem.id"
    )
    claims: Mapped[list[Claim]] = relationship(back_populates="case", cascade="all, delete-orphan")
    labels: Mapped[list[Label]] = relationship(
        back_populates="case", cascade="all, delete-orphan", order_by="Label.id"
    )
    decisions: Mapped[list[Decision]] = relationship(
        back_populates="case", cascade="all, delete-orphan", order_by="Decision.id"
    )


class Gold(Base):
    """Known answer of a case that tests the moderators.

    Labels never decide such a case: its state is `decided`, and it has no decision.
    """

    __tablename__ = "gold"
    __table_args__ = (CheckConstraint("value IN ('real', 'fake')", name="value"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    case: Mapped[Case] = relationship(back_populates="gold")


class CaseItem(Base):
    """Analysis that belongs to a case. Moderators see the media of the first one."""

    __tablename__ = "case_item"
    __table_args__ = (
        UniqueConstraint("analysis_id", "subject"),
        CheckConstraint(one_of("reason", Reason), name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"))
    # 0: the whole file. From 1: the number of an image's face, or a clip's track + 1.
    subject: Mapped[int]
    # Items with the reason `audit` were drawn before any vote and independently of the score. They are the
    # only unbiased sample.
    reason: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    # Calibrated. Frame-level for an image's face, video-level for a clip's track or a whole clip.
    fake_prob: Mapped[float | None]
    case: Mapped[Case] = relationship(back_populates="items")
    analysis: Mapped[Analysis] = relationship()


class Claim(Base):
    """Lease of a case by a moderator. A case has `wanted` slots; a moderator has at most one claim."""

    __tablename__ = "claim"
    __table_args__ = (UniqueConstraint("case_id", "slot"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    slot: Mapped[int]
    taken_at: Mapped[datetime] = mapped_column(UTCTime)
    # Time at which the claim expires. It moves on while the moderator is active.
    until: Mapped[datetime] = mapped_column(UTCTime)
    case: Mapped[Case] = relationship(back_populates="claims")


class Label(Base):
    """Label of a moderator. Only `withdrawn_at` changes; a corrected label is a new row."""

    __tablename__ = "label"
    __table_args__ = (
        CheckConstraint(one_of("value", LabelValue), name="value"),
        CheckConstraint(one_of("stage", Stage), name="stage"),
        CheckConstraint("confidence BETWEEN 1 AND 3", name="confidence"),
        Index(
            "ix_label_counting",
            "case_id",
            "account_id",
            "stage",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        CheckConstraint(f"length(note) <= {MAX_NOTE}", name="note"),
        Index("ix_label_account_time", "account_id", "created_at"),
        # Labels of a value, and those of one moderator, for the list of cases.
        Index("ix_label_case_value", "case_id", "value", "account_id", "stage", "withdrawn_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    stage: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(16))
    # 1 (a guess) to 3 (certain).
    confidence: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    # Time from the claim to this label.
    seconds: Mapped[float]
    # Model whose score was revealed. None for a blind label.
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    # Stored file that the moderator saw.
    media_sha256: Mapped[str | None] = mapped_column(String(64))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCTime)
    case: Mapped[Case] = relationship(back_populates="labels")
    account: Mapped[Account] = relationship()
    tags: Mapped[list[LabelTag]] = relationship(cascade="all, delete-orphan")
    region: Mapped[LabelRegion | None] = relationship(cascade="all, delete-orphan")


class LabelTag(Base):
    """Reason of a label."""

    __tablename__ = "label_tag"
    __table_args__ = (CheckConstraint(one_of("tag", Tag), name="tag"),)

    label_id: Mapped[int] = mapped_column(ForeignKey("label.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(16), primary_key=True)


class LabelRegion(Base):
    """Region that a moderator painted for a label."""

    __tablename__ = "label_region"
    __table_args__ = (CheckConstraint(f"length(png) <= {MAX_REGION_BYTES}", name="png"),)

    label_id: Mapped[int] = mapped_column(ForeignKey("label.id", ondelete="CASCADE"), primary_key=True)
    # Pixels of the mask, which covers the whole upright image or frame.
    width: Mapped[int]
    height: Mapped[int]
    # Seconds from the start of the clip to the painted frame. None for images.
    time: Mapped[float | None]
    # Grey PNG; 0 is unpainted.
    png: Mapped[bytes]


class Decision(Base):
    """Outcome of a case. The last decision that was not undone counts."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint(one_of("value", LabelValue), name="value"),
        CheckConstraint("how IN ('agreement', 'majority', 'adjudication')", name="how"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    value: Mapped[str] = mapped_column(String(16))
    how: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime] = mapped_column(UTCTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCTime)
    # Stored file that the moderators saw. Other files of the case are its near-duplicates.
    media_sha256: Mapped[str | None] = mapped_column(String(64))
    case: Mapped[Case] = relationship(back_populates="decisions")


class RegionAgreement(Base):
    """Agreement of a model's heatmap with a painted region.

    `hit` and `iou` are None if the region is about another face or the file was deleted.
    """

    __tablename__ = "region_agreement"
    __table_args__ = (CheckConstraint("iou BETWEEN 0 AND 1", name="iou"),)

    label_id: Mapped[int] = mapped_column(ForeignKey("label.id", ondelete="CASCADE"), primary_key=True)
    model_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    model_version: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    # The heatmap's peak lies in the region.
    hit: Mapped[bool | None]
    iou: Mapped[float | None]
