"""Construction of the services for fine-tuning, the gate and promotions, and their scheduled tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Self

from webapp.bootstrap.records import Records, open_records, snapshot_folders
from webapp.bootstrap.tasks import HEAVY_TASK_DELAY, HOUR, MINUTE
from webapp.services.operations.scheduler import ScheduledTask
from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.media.decoding.process_pool import DecoderPool
    from webapp.services.model_registry.gate_report import GateLimits
    from webapp.services.model_registry.serving import ChampionFollower
    from webapp.services.model_registry.versions import VersionService
    from webapp.services.training.admin import LearningAdminService
    from webapp.services.training.face_cropping import FindLandmarks
    from webapp.services.training.finetuning import FinetuneService
    from webapp.services.training.gate_service import GateService
    from webapp.services.training.snapshots import SnapshotService

# Seconds between two looks for a new champion, which another process may have promoted.
_FOLLOW_INTERVAL = 5.0


@dataclass(frozen=True)
class Learning:
    """Services that turn decisions into better models; leaving a `with` block closes them."""

    records: Records
    snapshots: SnapshotService
    versions: VersionService
    finetuning: FinetuneService
    open_gate: Callable[[], GateService]
    decoders: DecoderPool

    @cached_property
    def gate(self) -> GateService:
        """Gate, which is built on first use, because it imports torch and most commands do not need it."""
        return self.open_gate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.decoders.close()
        self.records.engine.dispose()


def open_learning(
    settings: Settings,
    records: Records | None = None,
    decoders: DecoderPool | None = None,
    *,
    landmarks: Callable[[], FindLandmarks] | None = None,
    delay: timedelta | None = None,
    limits: GateLimits | None = None,
    trainer_survives: bool = True,
) -> Learning:
    """Build the services for fine-tuning, the gate and promotions.

    They use `records` and `decoders` if these are open already, else the database of the settings and a new
    decoder. `landmarks` makes the landmark detector. A snapshot takes a decision only `delay` after it was
    made; the default is the period in which moderators can undo it. `limits` replace the gate limits of the
    settings. If `trainer_survives`, a training process continues after this process ends. Raises the errors
    of `open_records`.
    """
    from laanet_core.faces.landmark_detector import LandmarkDetector
    from webapp.media.decoding.process_pool import DecoderPool as NewPool
    from webapp.services.training.finetuning import FinetuneService
    from webapp.services.training.snapshots import SnapshotService

    if records is None:
        records = open_records(settings, upgrade=False)
    if decoders is None:
        decoders = NewPool(most=1, megabytes=settings.decode_mb, seconds=settings.decode_seconds)
    if delay is None:
        delay = timedelta(minutes=settings.decision_delay)
    versions = versions_of(records, settings)
    snapshots = SnapshotService(
        records.sessions,
        records.audit,
        records.keeping,
        snapshot_folders(settings),
        landmarks=landmarks or LandmarkDetector,
        reader=decoders,
        delay=delay,
    )
    finetuning = FinetuneService(
        records.sessions,
        records.audit,
        snapshots,
        versions,
        folder=settings.runs,
        device=settings.device,
        threads=settings.finetune_threads,
        trainer_survives=trainer_survives,
    )

    def open_gate() -> GateService:
        from webapp.services.model_registry.gate_report import GateLimits
        from webapp.services.training.gate_measurements import GateSettings
        from webapp.services.training.gate_service import GateService

        gate_settings = GateSettings(
            settings.gate_manifests,
            settings.gate_corruptions,
            settings.device,
            pictures=settings.gate_pictures,
        )
        settings_limits = GateLimits(auc_loss=settings.gate_loss, subgroup_auc_loss=settings.gate_slice_loss)
        return GateService(snapshots, versions, gate_settings, limits or settings_limits)

    return Learning(
        records=records,
        snapshots=snapshots,
        versions=versions,
        finetuning=finetuning,
        open_gate=open_gate,
        decoders=decoders,
    )


def learning_admin(
    learning: Learning, settings: Settings, serving: Callable[[], str]
) -> LearningAdminService:
    """Build the service of the admins' page about the model.

    `serving` returns the version of the model that this server uses.
    """
    from webapp.services.training.admin import LearningAdminService
    from webapp.services.training.background_commands import BackgroundCommands

    return LearningAdminService(
        learning.records.audit,
        learning.snapshots,
        learning.finetuning,
        learning.versions,
        commands=BackgroundCommands(settings.runs / "errands"),
        serving=serving,
        replay=settings.replay,
    )


def versions_of(records: Records, settings: Settings) -> VersionService:
    """Build the registry of the model's versions."""
    from webapp.services.model_registry.versions import VersionService

    return VersionService(records.sessions, records.audit, folder=settings.models, source=settings.weights)


def learning_tasks(learning: Learning, follower: ChampionFollower, settings: Settings) -> list[ScheduledTask]:
    """Return the tasks that resume an interrupted run, sweep stale snapshots and load a new champion."""
    tasks = [
        ScheduledTask("resuming the interrupted run", learning.finetuning.revive, every=MINUTE, first=MINUTE),
        ScheduledTask("sweeping the snapshots", learning.snapshots.sweep, every=HOUR, first=HEAVY_TASK_DELAY),
    ]
    # On ZeroGPU forked processes use the network that was loaded before the first fork.
    if not settings.zero_gpu:
        tasks.append(
            ScheduledTask(
                "loading a new champion", follower.follow, every=_FOLLOW_INTERVAL, first=_FOLLOW_INTERVAL
            )
        )
    return tasks
