"""Training snapshots, fine-tuning runs and model versions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.analysis import Analysis
from webapp.db.tables.base import Base, UTCTime, one_of
from webapp.db.tables.case import Case, Decision
from webapp.domain.enums import LabelValue, ModelState, RunState, SnapshotState, Split


class Snapshot(Base):
    """Frozen data set of decided cases, in a folder that only deletions by visitors change."""

    __tablename__ = "snapshot"
    __table_args__ = (CheckConstraint(one_of("state", SnapshotState), name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    # sha256 of snapshot.json, which lists every file with its sha256.
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    state: Mapped[str] = mapped_column(String(16))
    # Items by label.
    real: Mapped[int]
    fake: Mapped[int]
    # Items by split.
    train: Mapped[int]
    val: Mapped[int]
    gold: Mapped[int]
    items: Mapped[list[SnapshotItem]] = relationship(
        back_populates="snapshot", cascade="all, delete-orphan", order_by="SnapshotItem.id"
    )


class SnapshotItem(Base):
    """Face of a snapshot. If its analysis, case or decision is deleted, so are the item and its files."""

    __tablename__ = "snapshot_item"
    __table_args__ = (
        UniqueConstraint("snapshot_id", "name"),
        CheckConstraint(one_of("part", Split), name="part"),
        CheckConstraint(one_of("label", (LabelValue.REAL, LabelValue.FAKE)), name="label"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshot.id", ondelete="CASCADE"))
    analysis_id: Mapped[int | None] = mapped_column(
        ForeignKey("analysis.id", ondelete="SET NULL"), index=True
    )
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"), index=True)
    decision_id: Mapped[int | None] = mapped_column(
        ForeignKey("decision.id", ondelete="SET NULL"), index=True
    )
    # Stem of the item's file names.
    name: Mapped[str] = mapped_column(String(48))
    # sha256 of the face crop.
    sha256: Mapped[str] = mapped_column(String(64))
    # sha256 of the stored file that the face was cropped from.
    media_sha256: Mapped[str] = mapped_column(String(64))
    split: Mapped[str] = mapped_column("part", String(8))
    label: Mapped[str] = mapped_column(String(8))
    provenance: Mapped[str] = mapped_column(String(16))
    snapshot: Mapped[Snapshot] = relationship(back_populates="items")
    analysis: Mapped[Analysis | None] = relationship()
    case: Mapped[Case | None] = relationship()
    decision: Mapped[Decision | None] = relationship()


class TuningRun(Base):
    """Fine-tuning run. At most one is `running`. Its folder is named after the public id."""

    __tablename__ = "tuning_run"
    __table_args__ = (
        CheckConstraint(one_of("state", RunState), name="state"),
        Index(
            "ix_tuning_run_running",
            "state",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshot.id"), index=True)
    base_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    # Last heartbeat of the training process.
    heartbeat_at: Mapped[datetime] = mapped_column("beat_at", UTCTime)
    step: Mapped[int]
    steps: Mapped[int]
    # Process id of the trainer.
    pid: Mapped[int | None]
    # JSON object: options of the trainer.
    config: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text, default="")
    snapshot: Mapped[Snapshot] = relationship()


class ModelVersion(Base):
    """Version of the model. Its folder is named after the version and never changes."""

    __tablename__ = "model_version"
    __table_args__ = (
        CheckConstraint(one_of("state", ModelState), name="state"),
        Index(
            "ix_model_version_champion",
            "source",
            unique=True,
            sqlite_where=text("state = 'champion'"),
            postgresql_where=text("state = 'champion'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(128), unique=True)
    # LENS_WEIGHTS of the first ancestor. At most one version of a source is the champion.
    source: Mapped[str] = mapped_column(String(512))
    # sha256 of model.safetensors.
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    # sha256 of config.json, which has the thresholds.
    config_sha256: Mapped[str] = mapped_column(String(64))
    # sha256 of the weights that were fine-tuned. None for a first ancestor.
    parent_sha256: Mapped[str | None] = mapped_column(String(64))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("tuning_run.id"), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    # JSON object: report of the promotion gate.
    report: Mapped[str | None] = mapped_column(Text)
    promoted_at: Mapped[datetime | None] = mapped_column(UTCTime)
    promoted_by: Mapped[str | None] = mapped_column(String(64))
    retired_at: Mapped[datetime | None] = mapped_column(UTCTime)
    run: Mapped[TuningRun | None] = relationship()


class ChampionChange(Base):
    """Change of the champion by a promotion or a rollback.

    The last change that was not undone made the current champion.
    """

    __tablename__ = "succession"

    id: Mapped[int] = mapped_column(primary_key=True)
    before_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    after_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    undone_at: Mapped[datetime | None] = mapped_column("taken_back_at", UTCTime)
    before: Mapped[ModelVersion] = relationship(foreign_keys=before_id)
    after: Mapped[ModelVersion] = relationship(foreign_keys=after_id)
