"""Supervision of trainer processes: start, heartbeat, stop, and adoption of a surviving trainer."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.domain.clock import now
from webapp.domain.enums import RunState
from webapp.domain.errors import Unable
from webapp.services.training.file_locks import is_locked, try_lock
from webapp.services.training.run_store import Run, RunStore
from webapp.services.training.subprocesses import start_detached, stop_session
from webapp.services.training.trainer_process import is_trained, last_step, read_result, start_trainer

if TYPE_CHECKING:
    from laanet_core.training.run import TrainingRequest

OnProgress = Callable[[int, int], None]
# The trainer has this lock as long as it lives.
TRAINER_LOCK = "trainer.lock"
# The process that supervises the trainer has this lock.
SUPERVISOR_LOCK = "supervisor.lock"
# A supervisor that a server started has this lock from its first moment, before it takes its own.
DETACHED_LOCK = "detached.lock"
# Seconds between two heartbeats
_HEARTBEAT = 1.0
# A run on another machine without a heartbeat for this long counts as interrupted.
_HEARTBEAT_TIMEOUT = timedelta(seconds=60)


class Supervisor:
    """Trainers of the runs in `folder`, one subfolder per run, named for its public id.

    If `trainer_survives`, a trainer goes on after its supervisor ended, and the next supervisor adopts it.
    Otherwise the supervisor stops it before it ends.
    """

    def __init__(self, runs: RunStore, folder: Path, *, trainer_survives: bool = True) -> None:
        self._runs = runs
        self._folder = folder
        self._trainer_survives = trainer_survives

    def folder_of(self, public_id: str) -> Path:
        return self._folder / public_id

    def lock(self, public_id: str) -> AbstractContextManager[int | None]:
        """Lock a run for its supervisor during a block; None if another process supervises it."""
        return try_lock(self.folder_of(public_id) / SUPERVISOR_LOCK)

    def is_alive(self, run: Run) -> bool:
        """Return whether a process carries out a run: by locks here, by heartbeat on another machine."""
        if run.state != RunState.RUNNING:
            return False
        folder = self.folder_of(run.public_id)
        if folder.is_dir():
            return is_locked(folder / SUPERVISOR_LOCK) or is_locked(folder / DETACHED_LOCK)
        return run.heartbeat_at > now() - _HEARTBEAT_TIMEOUT

    def start_detached(self, public_id: str) -> None:
        """Start `python -m webapp finetune --run ID`, which outlives this process.

        Raises Unable: run_busy.
        """
        folder = self.folder_of(public_id)
        with try_lock(folder / DETACHED_LOCK) as lock:
            if lock is None:
                raise supervised(public_id)
            start_detached(["finetune", "--run", public_id], folder / "supervisor.log", locks=[lock])

    def train(self, run: Run, request: TrainingRequest, on_progress: OnProgress | None = None) -> None:
        """Train to the last step. Adopt a living trainer of the run, or start one from its last checkpoint.

        `on_progress` receives the step and the number of steps about once per second.
        Raises Unable: run_failed, run_cancelled, stale_snapshot.
        """
        folder = self.folder_of(run.public_id)
        while not is_trained(folder, run.steps):
            with try_lock(folder / TRAINER_LOCK) as lock:
                process = (
                    None if lock is None else start_trainer(folder, request, lock, processes=_gpu_count())
                )
            pid = run.pid if process is None else process.pid
            with self._stop_on_exit(folder, pid, process):
                self._watch(run, pid, process, on_progress)
            if process is not None and (process.wait() != 0 or not is_trained(folder, run.steps)):
                raise Unable("run_failed", _failure(folder, process.returncode))

    def stop(self, run: Run) -> None:
        """Stop a trainer without a supervisor. A supervisor notices a cancelled run by itself."""
        folder = self.folder_of(run.public_id)
        is_supervised = is_locked(folder / SUPERVISOR_LOCK)
        if run.pid is not None and not is_supervised and is_locked(folder / TRAINER_LOCK):
            stop_session(run.pid)

    def _watch(
        self,
        run: Run,
        pid: int | None,
        process: subprocess.Popen[bytes] | None,
        on_progress: OnProgress | None,
    ) -> None:
        """Store heartbeats until the trainer ends. `process` is None for an adopted trainer.

        Raises Unable: run_cancelled, stale_snapshot, after stopping the trainer.
        """
        folder = self.folder_of(run.public_id)
        while process.poll() is None if process else is_locked(folder / TRAINER_LOCK):
            step = last_step(folder)
            try:
                self._runs.record_progress(run.public_id, step, pid)
            except Unable:
                _stop(pid, process)
                raise
            if on_progress is not None:
                on_progress(step, run.steps)
            time.sleep(_HEARTBEAT)

    @contextmanager
    def _stop_on_exit(
        self, folder: Path, pid: int | None, process: subprocess.Popen[bytes] | None
    ) -> Iterator[None]:
        """Stop the trainer if an exception ends this supervisor and the trainer must not outlive it."""
        try:
            yield
        except BaseException:
            if not self._trainer_survives and is_locked(folder / TRAINER_LOCK):
                _stop(pid, process)
            raise


def supervised(public_id: str) -> Unable:
    """Return the error that another process supervises a run."""
    return Unable("run_busy", f"another process carries out the run {public_id}")


def _stop(pid: int | None, process: subprocess.Popen[bytes] | None) -> None:
    if pid is not None:
        stop_session(pid)
    if process is not None:
        process.wait()


def _failure(folder: Path, status: int) -> str:
    result = read_result(folder)
    if result is None or result.error_code is None:
        return f"the trainer ended with status {status}; its output is in {folder / 'output.log'}"
    return f"{result.error_code}: {result.error_message}"


def _gpu_count() -> int:
    import torch

    return max(torch.cuda.device_count(), 1)
