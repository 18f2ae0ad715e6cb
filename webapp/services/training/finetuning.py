"""Fine-tuning: one run at a time, from a snapshot to a candidate, resumed after any interruption."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.db.session import Sessions
from webapp.domain.enums import Actor
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.version_files import RegisteredVersion
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.candidates import CandidateBuilder
from webapp.services.training.run_store import Run, RunSpec, RunStore, RunSummary, busy
from webapp.services.training.snapshot_files import require_enough_faces
from webapp.services.training.snapshots import SnapshotService
from webapp.services.training.supervisor import OnProgress, Supervisor, supervised
from webapp.services.training.trainer_process import TRAIN_FOLDER

if TYPE_CHECKING:
    from laanet_core.training.run import TrainingRequest

logger = logging.getLogger(__name__)
RECIPE = "finetune"
# Steps between two checkpoints; an interruption costs at most these
_CHECKPOINT_EVERY = 20


class FinetuneService:
    """Fine-tuning of one installation; the files of the runs are in `folder`.

    `device` and `threads` are passed to the trainer; with 0 threads torch chooses. `trainer_survives`: a
    trainer goes on after the process that started it. Raises Unable: unknown_run, run_busy, run_failed,
    run_cancelled, and the codes of verifying a snapshot.
    """

    def __init__(
        self,
        sessions: Sessions,
        audit: AuditService,
        snapshots: SnapshotService,
        versions: VersionService,
        folder: Path,
        *,
        device: str = "auto",
        threads: int = 0,
        trainer_survives: bool = True,
    ) -> None:
        self._snapshots = snapshots
        self._versions = versions
        self._device = device
        self._threads = threads
        self._runs = RunStore(sessions, audit)
        self._supervisor = Supervisor(self._runs, folder, trainer_survives=trainer_survives)
        self._candidates = CandidateBuilder(versions, device)

    def prepare(self, request: RunSpec) -> str:
        """Return the id of the run for a request: an unfinished one with the same settings, or a new one.

        Raises InvalidConfig for an impossible change of the recipe, and Unable also with snapshot_too_small,
        unknown_data.
        """
        from laanet_core.training.config import changed_recipe

        if request.replay is not None and not request.replay.is_file():
            raise Unable("unknown_data", f"there is no manifest {request.replay.name} to replay")
        steps = changed_recipe(RECIPE, request.changes).steps
        require_enough_faces(self._snapshots.verify(request.snapshot))
        return self._runs.find_or_create(request, self._versions.ensure_champion().sha256, steps)

    def claim(self, public_id: str, by: str = Actor.SYSTEM) -> Run:
        """Make a run the one that runs; `revive` then starts it if its process dies.

        Raises Unable: run_ended.
        """
        return self._runs.claim(public_id, by, self._supervisor.is_alive)

    def require_idle(self) -> None:
        """Raise Unable with run_busy if a process carries out a run."""
        run = self._runs.running()
        if run is not None and self._supervisor.is_alive(run):
            raise busy(run)

    def carry_out(self, public_id: str, on_progress: OnProgress | None = None) -> RegisteredVersion:
        """Train to the end and register the candidate. After a kill, call it again: it resumes the run."""
        from laanet_core.training.trainer import CHECKPOINT

        with self._supervisor.lock(public_id) as lock:
            if lock is None:
                raise supervised(public_id)
            run = self.claim(public_id)
            folder = self._supervisor.folder_of(public_id)
            with self._failures_stored(public_id):
                snapshot, base = self._snapshots.verify(run.snapshot), self._versions.ensure_champion()
                if base.sha256 != run.base_sha256:
                    raise Unable("run_failed", "the champion changed since this run began; start a new run")
                request = self._training_request(run, snapshot, base)
                self._supervisor.train(run, request, on_progress)
                counts = self._runs.split_counts(public_id)
                candidate = self._candidates.build(run, folder, snapshot, base, counts)
            # The checkpoint is large, and training never continues from a candidate's.
            (folder / TRAIN_FOLDER / CHECKPOINT).unlink(missing_ok=True)
            self._runs.finish(public_id, run.steps)
        return candidate

    def start_detached(self, public_id: str) -> None:
        """Carry out a run in a process that outlives this one. Raises Unable: run_busy."""
        self._supervisor.start_detached(public_id)

    def revive(self) -> str | None:
        """Restart the run whose processes were killed or died with the machine. Return its id, or None."""
        run = self._runs.running()
        if run is None or self._supervisor.is_alive(run):
            return None
        if not self._supervisor.folder_of(run.public_id).is_dir():
            return None
        logger.warning("the fine-tuning %s was interrupted at step %d; resuming it", run.public_id, run.step)
        self._supervisor.start_detached(run.public_id)
        return run.public_id

    def cancel(self, public_id: str, by: str = Actor.SYSTEM) -> None:
        """Cancel a run. Its supervisor stops the trainer within a second. Raises Unable: run_ended."""
        self._supervisor.stop(self._runs.cancel(public_id, by))

    def summaries(self, limit: int = 20) -> list[RunSummary]:
        """Return the newest runs, newest first."""
        return [
            RunSummary(
                run=run.public_id,
                version=run.version,
                snapshot=run.snapshot,
                state=run.state,
                step=run.step,
                steps=run.steps,
                created_at=run.created_at,
                message=run.message,
                alive=self._supervisor.is_alive(run),
            )
            for run in self._runs.newest(limit)
        ]

    def _training_request(self, run: Run, snapshot: Path, base: RegisteredVersion) -> TrainingRequest:
        """Return what to train.

        Either the replayed data or the recipe's pull towards the base prevents forgetting.
        """
        from laanet_core.data.dataset import DatasetFiles
        from laanet_core.training.config import changed_recipe
        from laanet_core.training.run import TrainingRequest

        replay = None if run.config.replay is None else DatasetFiles(Path(run.config.replay))
        changes = run.config.changes if replay is None else ("start_pull=0", *run.config.changes)
        return TrainingRequest(
            folder=self._supervisor.folder_of(run.public_id) / TRAIN_FOLDER,
            data=DatasetFiles(snapshot / "manifest.csv", packs=snapshot),
            config=changed_recipe(RECIPE, changes),
            initial_weights=str(base.folder),
            replay=replay,
            device=self._device,
            threads=self._threads or None,
            checkpoint_every=_CHECKPOINT_EVERY,
        )

    @contextmanager
    def _failures_stored(self, public_id: str) -> Iterator[None]:
        """Store why the block failed with the run. A cancelled run keeps its state."""
        try:
            yield
        except KeyboardInterrupt:
            self._runs.fail(public_id, "stopped; the same command resumes it")
            raise
        except Unable as error:
            if error.code != "run_cancelled":
                self._runs.fail(public_id, f"{error.code}: {error.message}")
            raise
        except Exception as error:
            self._runs.fail(public_id, str(error))
            raise
