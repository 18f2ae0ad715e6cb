"""From decisions to a better model: frozen snapshots of them, runs that learn from those, and the models that came out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.analysis import Analysis
from webapp.db.tables.base import Base, UTCTime
from webapp.db.tables.case import Case, Decision
from webapp.domain.enums import LabelValue, ModelState, Part, RunState, SnapshotState


def _one_of(column: str, *words: str) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


class Snapshot(Base):
    """Decided cases as they were at a moment, in a folder that is never changed but for what visitors delete.

    `sha256` is of its snapshot.json, which names every file with its sha256. `stale`: something in it was deleted or undone since.
    """

    __tablename__ = "snapshot"
    __table_args__ = (CheckConstraint(_one_of("state", *SnapshotState), name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    state: Mapped[str] = mapped_column(String(16))
    real: Mapped[int]
    fake: Mapped[int]
    train: Mapped[int]
    val: Mapped[int]
    gold: Mapped[int]
    items: Mapped[list[SnapshotItem]] = relationship(
        back_populates="snapshot", cascade="all, delete-orphan", order_by="SnapshotItem.id"
    )


class SnapshotItem(Base):
    """One face of a snapshot. `name` is of its files; `sha256` of its picture, `media_sha256` of the kept file it was cut from.

    Once the analysis, the case or the decision is gone, so must be the item and its files.
    """

    __tablename__ = "snapshot_item"
    __table_args__ = (
        UniqueConstraint("snapshot_id", "name"),
        CheckConstraint(_one_of("part", *Part), name="part"),
        CheckConstraint(_one_of("label", LabelValue.REAL, LabelValue.FAKE), name="label"),
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
    name: Mapped[str] = mapped_column(String(48))
    sha256: Mapped[str] = mapped_column(String(64))
    media_sha256: Mapped[str] = mapped_column(String(64))
    part: Mapped[str] = mapped_column(String(8))
    label: Mapped[str] = mapped_column(String(8))
    provenance: Mapped[str] = mapped_column(String(16))
    snapshot: Mapped[Snapshot] = relationship(back_populates="items")
    analysis: Mapped[Analysis | None] = relationship()
    case: Mapped[Case | None] = relationship()
    decision: Mapped[Decision | None] = relationship()


class TuningRun(Base):
    """A fine-tuning. At most one is `running`; its process tells so by `beat_at`.

    `folder` is named for the public id; `config` is JSON: what the trainer was asked for; `pid` of the process that trains.
    """

    __tablename__ = "tuning_run"
    __table_args__ = (
        CheckConstraint(_one_of("state", *RunState), name="state"),
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
    beat_at: Mapped[datetime] = mapped_column(UTCTime)
    step: Mapped[int]
    steps: Mapped[int]
    pid: Mapped[int | None]
    config: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text, default="")
    snapshot: Mapped[Snapshot] = relationship()


class ModelVersion(Base):
    """Weights that answer, did, or may. Their folder is named for the version and never changed.

    `source` is the name of the weights that the first ancestor was (LENS_WEIGHTS); at most one version of a source is its champion.
    `sha256` is of model.safetensors, `config_sha256` of config.json with the thresholds; `parent_sha256` of the weights it was tuned
    from, None for a first ancestor. `report` is the gate's, in JSON.
    """

    __tablename__ = "model_version"
    __table_args__ = (
        CheckConstraint(_one_of("state", *ModelState), name="state"),
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
    source: Mapped[str] = mapped_column(String(512))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    config_sha256: Mapped[str] = mapped_column(String(64))
    parent_sha256: Mapped[str | None] = mapped_column(String(64))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("tuning_run.id"), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    report: Mapped[str | None] = mapped_column(Text)
    promoted_at: Mapped[datetime | None] = mapped_column(UTCTime)
    promoted_by: Mapped[str | None] = mapped_column(String(64))
    retired_at: Mapped[datetime | None] = mapped_column(UTCTime)
    run: Mapped[TuningRun | None] = relationship()


class Succession(Base):
    """One change of the champion, by a promotion or by naming an earlier one. The last that was not taken back made the present one."""

    __tablename__ = "succession"

    id: Mapped[int] = mapped_column(primary_key=True)
    before_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    after_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    taken_back_at: Mapped[datetime | None] = mapped_column(UTCTime)
    before: Mapped[ModelVersion] = relationship(foreign_keys=before_id)
    after: Mapped[ModelVersion] = relationship(foreign_keys=after_id)
