"""What moderators settle: cases, who holds them, what they say, and what was decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.account import Account
from webapp.db.tables.analysis import Analysis
from webapp.db.tables.base import Base, UTCTime
from webapp.domain.enums import CaseState, LabelValue, Reason, Stage, Tag
from webapp.domain.limits import MAX_NOTE, MAX_REGION_BYTES


def _one_of(
    column: str, words: type[CaseState] | type[LabelValue] | type[Reason] | type[Stage] | type[Tag]
) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


class Case(Base):
    """One face (or whole file) to settle, and all the analyses it came from.

    `rank` orders the open ones: log(uncertainty x dispute) - opened_at / age; so a case gains a factor e over later ones for every `age`
    it waits longer, and the order needs no clock. `wanted` independent labels are asked for; `audited`: drawn at random.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(_one_of("state", CaseState), name="state"),
        Index("ix_cases_state_rank", "state", "rank"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    opened_at: Mapped[datetime] = mapped_column(UTCTime)
    state: Mapped[str] = mapped_column(String(16))
    wanted: Mapped[int]
    rank: Mapped[float]
    audited: Mapped[bool] = mapped_column(default=False, server_default=false())
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
    """The known answer of a case that tests the moderators: they never settle it, and its state stays as it is."""

    __tablename__ = "gold"
    __table_args__ = (CheckConstraint("value IN ('real', 'fake')", name="value"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    case: Mapped[Case] = relationship(back_populates="gold")


class CaseItem(Base):
    """One analysis of a case; `subject` as in feedback. The first shows the moderators its picture.

    `fake_prob`: calibrated, of the subject: a picture's face (frame-level), a clip's person or a whole file (video-level for clips). Those
    with the reason `audit` were drawn before anybody voted, whatever their score: the only unbiased sample.
    """

    __tablename__ = "case_item"
    __table_args__ = (
        UniqueConstraint("analysis_id", "subject"),
        CheckConstraint(_one_of("reason", Reason), name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"))
    subject: Mapped[int]
    reason: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    fake_prob: Mapped[float | None]
    case: Mapped[Case] = relationship(back_populates="items")
    analysis: Mapped[Analysis] = relationship()


class Claim(Base):
    """A moderator's hold on a case until `until`. A case has `wanted` slots, a moderator one claim."""

    __tablename__ = "claim"
    __table_args__ = (UniqueConstraint("case_id", "slot"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    slot: Mapped[int]
    taken_at: Mapped[datetime] = mapped_column(UTCTime)
    until: Mapped[datetime] = mapped_column(UTCTime)
    case: Mapped[Case] = relationship(back_populates="claims")


class Label(Base):
    """What a moderator said. Rows are never changed but for `withdrawn_at`: a later one counts instead.

    `confidence` 1 (a guess) to 3 (certain); `seconds` from taking the case to this label; `model_sha256`: the model whose answer was
    revealed, None for a blind label; `media_sha256`: the kept file that was shown.
    """

    __tablename__ = "label"
    __table_args__ = (
        CheckConstraint(_one_of("value", LabelValue), name="value"),
        CheckConstraint(_one_of("stage", Stage), name="stage"),
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
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    stage: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    seconds: Mapped[float]
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    media_sha256: Mapped[str | None] = mapped_column(String(64))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCTime)
    case: Mapped[Case] = relationship(back_populates="labels")
    account: Mapped[Account] = relationship()
    tags: Mapped[list[LabelTag]] = relationship(cascade="all, delete-orphan")
    region: Mapped[LabelRegion | None] = relationship(cascade="all, delete-orphan")


class LabelTag(Base):
    """One reason of a label."""

    __tablename__ = "label_tag"
    __table_args__ = (CheckConstraint(_one_of("tag", Tag), name="tag"),)

    label_id: Mapped[int] = mapped_column(ForeignKey("label.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(16), primary_key=True)


class LabelRegion(Base):
    """What a moderator painted: a grey PNG over the whole upright picture, or over a clip's frame at `time` seconds."""

    __tablename__ = "label_region"
    __table_args__ = (CheckConstraint(f"length(png) <= {MAX_REGION_BYTES}", name="png"),)

    label_id: Mapped[int] = mapped_column(ForeignKey("label.id", ondelete="CASCADE"), primary_key=True)
    width: Mapped[int]
    height: Mapped[int]
    time: Mapped[float | None]
    png: Mapped[bytes]


class Decision(Base):
    """A case's outcome; the last that was not undone counts. `how`: agreement, majority or adjudication.

    `media_sha256`: the kept file that was looked at; of the case's other files it tells as near copies.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint(_one_of("value", LabelValue), name="value"),
        CheckConstraint("how IN ('agreement', 'majority', 'adjudication')", name="how"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    value: Mapped[str] = mapped_column(String(16))
    how: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime] = mapped_column(UTCTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCTime)
    media_sha256: Mapped[str | None] = mapped_column(String(64))
    case: Mapped[Case] = relationship(back_populates="decisions")


class RegionAgreement(Base):
    """How a model's heatmap agrees with what a moderator painted; no values where the region is about another face, or the file is gone."""

    __tablename__ = "region_agreement"
    __table_args__ = (CheckConstraint("iou BETWEEN 0 AND 1", name="iou"),)

    label_id: Mapped[int] = mapped_column(ForeignKey("label.id", ondelete="CASCADE"), primary_key=True)
    model_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    model_version: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    hit: Mapped[bool | None]
    iou: Mapped[float | None]
