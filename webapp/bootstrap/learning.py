"""What turns decisions into better models, and has the application follow them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Self

from webapp.bootstrap.records import Records, open_records, snapshot_folders
from webapp.bootstrap.tasks import HOUR, MINUTE, SETTLED
from webapp.services.operations.scheduler import ScheduledTask
from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.media.decoding.decoders import Decoders
    from webapp.services.model_registry.serving import Follower
    from webapp.services.model_registry.versions import VersionService
    from webapp.services.training.admin import OverseeingService
    from webapp.services.training.face_cropping import FindLandmarks
    from webapp.services.training.finetuning import FinetuneService
    from webapp.services.training.promotion_gate import GateService, Rules
    from webapp.services.training.snapshots import SnapshotService

_FOLLOWED = 5.0  # seconds until a promotion by another process is seen


@dataclass(frozen=True)
class Learning:
    """What turns decisions into better models. A block ends it."""

    records: Records
    snapshots: SnapshotService
    versions: VersionService
    finetuning: FinetuneService
    open_gate: Callable[[], GateService]
    decoders: Decoders

    @cached_property
    def gate(self) -> GateService:
        """Made when it is asked for: it loads torch, which takes seconds, and most commands have no use for it."""
        return self.open_gate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.decoders.close()
        self.records.engine.dispose()


def open_learning(
    settings: Settings,
    records: Records | None = None,
    decoders: Decoders | None = None,
    *,
    landmarks: Callable[[], FindLandmarks] | None = None,
    delay: timedelta | None = None,
    rules: Rules | None = None,
    lasting: bool = True,
) -> Learning:
    """Over the database of the settings, or records and decoders that are there already. `delay`: for how long a decision must have stood,
    if not as long as it may be undone; `lasting`: trainers outlive this process. Raises as `open_records` does.
    """
    from laanet_core.faces.landmark_detector import LandmarkDetector
    from webapp.media.decoding.decoders import Decoders as MoreDecoders
    from webapp.services.training.finetuning import FinetuneService
    from webapp.services.training.snapshots import SnapshotService

    opened = records or open_records(settings, upgrade=False)
    folders, versions = snapshot_folders(settings), versions_of(opened, settings)
    reader = decoders or MoreDecoders(most=1, megabytes=settings.decode_mb, seconds=settings.decode_seconds)
    snapshots = SnapshotService(
        *(opened.sessions, opened.audit, opened.keeping, folders),
        landmarks=landmarks or LandmarkDetector,
        reader=reader,
        delay=timedelta(minutes=settings.decision_delay) if delay is None else delay,
        frames=settings.frames,
    )
    services = (opened.sessions, opened.audit, snapshots, versions)
    finetuning = FinetuneService(
        *services, settings.runs, device=settings.device, threads=settings.finetune_threads, lasting=lasting
    )

    def open_gate() -> GateService:
        from webapp.services.training.gate_measurements import Ground
        from webapp.services.training.promotion_gate import GateService, Rules

        ground = Ground(
            settings.snapshots, settings.gate_manifests, settings.gate_corruptions, settings.device
        )
        return GateService(
            snapshots,
            versions,
            ground,
            rules or Rules(loss=settings.gate_loss, slice_loss=settings.gate_slice_loss),
        )

    return Learning(opened, snapshots, versions, finetuning, open_gate, reader)


def overseeing(learning: Learning, settings: Settings, answering: Callable[[], str]) -> OverseeingService:
    """Learning as it is steered on the desk."""
    from webapp.services.training.admin import OverseeingService
    from webapp.services.training.background_commands import Errands

    errands = Errands(settings.runs / "errands")
    services = (learning.records.audit, learning.snapshots, learning.finetuning, learning.versions, errands)
    return OverseeingService(*services, answering=answering, replay=settings.replay)


def versions_of(records: Records, settings: Settings) -> VersionService:
    from webapp.services.model_registry.versions import VersionService

    return VersionService(records.sessions, records.audit, settings.models, settings.weights)


def learning_tasks(learning: Learning, follower: Follower, settings: Settings) -> list[ScheduledTask]:
    """Promotions of other processes are followed; a fine-tuning that was cut off goes on; folders of stale snapshots go."""
    tasks = [
        ScheduledTask("the run that was cut off", learning.finetuning.revive, every=MINUTE, first=MINUTE),
        ScheduledTask("sweeping the snapshots", learning.snapshots.sweep, every=HOUR, first=SETTLED),
    ]
    return (
        tasks
        if settings.zero_gpu
        else [
            *tasks,
            ScheduledTask("the model that answers", follower.follow, every=_FOLLOWED, first=_FOLLOWED),
        ]
    )
