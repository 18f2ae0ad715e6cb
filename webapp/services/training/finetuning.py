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
from webapp.services.training.run_store import Run, RunSpec, RunStore, RunSummary, busy_error
from webapp.services.training.snapshot_files import require_enough_faces
from webapp.services.training.snapshots import SnapshotService
from webapp.services.training.supervisor import OnProgress, Supervisor, supervised_error
from webapp.services.training.trainer_process import TRAIN_FOLDER

if TYPE_CHECKING:
    from laanet_core.training.run import TrainingRequest

logger = logging.getLogger(__name__)
# Name of the training recipe.
RECIPE = "finetune"
# Training steps between two checkpoints. An interruption costs at most these.
_CHECKPOINT_EVERY = 20


class FinetuneService:
    """Fine-tuning of one installation; the files of the runs are in `folder`.

    The trainer uses `device` and `threads`; if `threads` is 0, torch chooses their number. If
    `trainer_survives`, a trainer goes on after the process that started it has ended. Methods raise Unable
    with unknown_run, run_busy, run_failed, run_cancelled, or a code of `SnapshotService.verify`.
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

        Raises InvalidConfig for an impossible change of the recipe, and Unable also with snapshot_too_small
        or unknown_data.
        """
        from laanet_core.training.config import changed_recipe

        if request.replay is not None and not request.replay.is_file():
            raise Unable("unknown_data", f"there is no manifest {request.replay.name} to replay")
        steps = changed_recipe(RECIPE, request.changes).steps
        require_enough_faces(self._snapshots.verify(request.snapshot))
        champion = self._versions.ensure_champion()
        return self._runs.find_or_create(request, champion.sha256, steps)

    def claim(self, public_id: str, by: str = Actor.SYSTEM) -> Run:
        """Give a run the state running, so that `revive` restarts it if its process dies.

        `by` is the actor for the audit log. Raises Unable with run_busy or run_ended.
        """
        return self._runs.claim(public_id, by, self._supervisor.is_alive)

    def require_idle(self) -> None:
        """Raise Unable with run_busy if a process works on a run."""
        run = self._runs.running()
        if run is not None and self._supervisor.is_alive(run):
            raise busy_error(run)

    def train_candidate(self, public_id: str, on_progress: OnProgress | None = None) -> RegisteredVersion:
        """Train a run to its last step, then register its candidate and return it.

        If this process is killed, another call resumes the run. Raises Unable also with run_ended.
        """
        from laanet_core.training.trainer import CHECKPOINT

        with self._supervisor.lock(public_id) as lock:
            if lock is None:
                raise supervised_error(public_id)
            run = self.claim(public_id)
            run_folder = self._supervisor.folder_of(public_id)
            with self._store_failure(public_id):
                snapshot_folder = self._snapshots.verify(run.snapshot)
                base = self._versions.ensure_champion()
                if base.sha256 != run.base_sha256:
                    raise Unable("run_failed", "the champion changed since this run began; start a new run")
                request = self._training_request(run, snapshot_folder, base)
                self._supervisor.train(run, request, on_progress)
                candidate = self._candidates.build(
                    run,
                    run_folder=run_folder,
                    snapshot_folder=snapshot_folder,
                    base=base,
                    split_counts=self._runs.split_counts(public_id),
                )
            # The checkpoint is large, and a finished run never needs it again.
            (run_folder / TRAIN_FOLDER / CHECKPOINT).unlink(missing_ok=True)
            self._runs.finish(public_id, run.steps)
        return candidate

    def start_detached(self, public_id: str) -> None:
        """Train a run's candidate in a process that outlives this one. Raises Unable with run_busy."""
        self._supervisor.start_detached(public_id)

    def revive(self) -> str | None:
        """Restart the run whose processes were killed or died with the machine.

        Return its id, None if there is no such run.
        """
        run = self._runs.running()
        if run is None or self._supervisor.is_alive(run):
            return None
        if not self._supervisor.folder_of(run.public_id).is_dir():
            return None
        logger.warning("the fine-tuning %s was interrupted at step %d; resuming it", run.public_id, run.step)
        self._supervisor.start_detached(run.public_id)
        return run.public_id

    def cancel(self, public_id: str, by: str = Actor.SYSTEM) -> None:
        """Cancel a run. Its supervisor stops the trainer within a second. Raises Unable with run_ended."""
        run = self._runs.cancel(public_id, by)
        self._supervisor.stop(run)

    def summaries(self, limit: int = 20) -> list[RunSummary]:
        """Return at most `limit` runs, newest first."""
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

    def _training_request(self, run: Run, snapshot_folder: Path, base: RegisteredVersion) -> TrainingRequest:
        """Return the request for the trainer.

        Something must prevent that the network forgets what it has learned. Without replayed data, the
        recipe pulls the weights towards those of the base. With replayed data, it does not.
        """
        from laanet_core.data.dataset import DatasetFiles
        from laanet_core.training.config import changed_recipe
        from laanet_core.training.run import TrainingRequest

        replay = None if run.config.replay is None else DatasetFiles(Path(run.config.replay))
        changes = run.config.changes
        if replay is not None:
            changes = ("start_pull=0", *changes)
        return TrainingRequest(
            folder=self._supervisor.folder_of(run.public_id) / TRAIN_FOLDER,
            data=DatasetFiles(snapshot_folder / "manifest.csv", packs=snapshot_folder),
            config=changed_recipe(RECIPE, changes),
            initial_weights=str(base.folder),
            replay=replay,
            device=self._device,
            threads=self._threads or None,
            checkpoint_every=_CHECKPOINT_EVERY,
        )

    @contextmanager
    def _store_failure(self, public_id: str) -> Iterator[None]:
        """Give the run the state failed if the block raises. A cancelled run keeps its state."""
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
