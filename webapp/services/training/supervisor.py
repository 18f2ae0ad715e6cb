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

# Callback with the present step and the number of steps.
OnProgress = Callable[[int, int], None]
# The trainer has this lock as long as it lives.
TRAINER_LOCK = "trainer.lock"
# The process that supervises the trainer has this lock.
SUPERVISOR_LOCK = "supervisor.lock"
# A supervisor that a server started has this lock from its first moment, before it takes its own.
DETACHED_LOCK = "detached.lock"
# Seconds between two heartbeats.
_HEARTBEAT_SECONDS = 1.0
# A run on another machine without a heartbeat for this long counts as interrupted.
_HEARTBEAT_TIMEOUT = timedelta(seconds=60)


class Supervisor:
    """Starts, watches and stops trainers. Each run has a subfolder of `folder`, named for its public id.

    If `trainer_survives`, a trainer goes on after its supervisor has ended, and the next supervisor adopts
    it. Otherwise the supervisor stops the trainer before it ends itself.
    """

    def __init__(self, runs: RunStore, folder: Path, *, trainer_survives: bool = True) -> None:
        self._runs = runs
        self._folder = folder
        self._trainer_survives = trainer_survives

    def folder_of(self, public_id: str) -> Path:
        """Return the folder of a run."""
        return self._folder / public_id

    def lock(self, public_id: str) -> AbstractContextManager[int | None]:
        """Lock a run for its supervisor during a block; None if another process supervises it."""
        return try_lock(self.folder_of(public_id) / SUPERVISOR_LOCK)

    def is_alive(self, run: Run) -> bool:
        """Return True if a process works on a run.

        Its locks show this on the machine that has its folder, its heartbeat on any other.
        """
        if run.state != RunState.RUNNING:
            return False
        folder = self.folder_of(run.public_id)
        if folder.is_dir():
            return is_locked(folder / SUPERVISOR_LOCK) or is_locked(folder / DETACHED_LOCK)
        return run.heartbeat_at > now() - _HEARTBEAT_TIMEOUT

    def start_detached(self, public_id: str) -> None:
        """Start `python -m webapp finetune --run ID`, which outlives this process.

        Raises Unable with run_busy.
        """
        folder = self.folder_of(public_id)
        with try_lock(folder / DETACHED_LOCK) as lock:
            if lock is None:
                raise supervised_error(public_id)
            start_detached(["finetune", "--run", public_id], folder / "supervisor.log", locks=[lock])

    def train(self, run: Run, request: TrainingRequest, on_progress: OnProgress | None = None) -> None:
        """Train to the last step. Adopt a living trainer of the run, or start one from its last checkpoint.

        `on_progress` is called about once per second. Raises Unable with run_failed, run_cancelled or
        stale_snapshot.
        """
        folder = self.folder_of(run.public_id)
        while not is_trained(folder, run.steps):
            # A living trainer has the lock. A new one inherits it.
            process: subprocess.Popen[bytes] | None = None
            with try_lock(folder / TRAINER_LOCK) as lock:
                if lock is not None:
                    process = start_trainer(folder, request, lock, processes=_process_count())
            pid = run.pid if process is None else process.pid
            with self._stop_on_exit(folder, pid, process):
                self._watch(run, pid, process, on_progress)
            # The exit status of an adopted trainer is unknown. If it failed, the loop starts a new one.
            if process is None:
                continue
            exit_status = process.wait()
            if exit_status != 0 or not is_trained(folder, run.steps):
                raise Unable("run_failed", _failure(folder, exit_status))

    def stop(self, run: Run) -> None:
        """Stop the trainer of a cancelled run if it has no supervisor, which would stop it by itself."""
        folder = self.folder_of(run.public_id)
        if run.pid is None or is_locked(folder / SUPERVISOR_LOCK):
            return
        if is_locked(folder / TRAINER_LOCK):
            stop_session(run.pid)

    def _watch(
        self,
        run: Run,
        pid: int | None,
        process: subprocess.Popen[bytes] | None,
        on_progress: OnProgress | None,
    ) -> None:
        """Store heartbeats until the trainer ends. `process` is None for an adopted trainer.

        If the run is cancelled or its snapshot stale, stop the trainer and raise Unable with run_cancelled or
        stale_snapshot.
        """
        folder = self.folder_of(run.public_id)
        while _is_training(folder, process):
            step = last_step(folder)
            try:
                self._runs.record_progress(run.public_id, step, pid)
            except Unable:
                _stop(pid, process)
                raise
            if on_progress is not None:
                on_progress(step, run.steps)
            time.sleep(_HEARTBEAT_SECONDS)

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


def supervised_error(public_id: str) -> Unable:
    """Return the error that another process supervises a run."""
    return Unable("run_busy", f"another process carries out the run {public_id}")


def _is_training(folder: Path, process: subprocess.Popen[bytes] | None) -> bool:
    """Return True while the trainer lives. An adopted one, without `process`, shows it by its lock."""
    if process is not None:
        return process.poll() is None
    return is_locked(folder / TRAINER_LOCK)


def _stop(pid: int | None, process: subprocess.Popen[bytes] | None) -> None:
    """Stop a trainer. `process` is None for an adopted one."""
    if pid is not None:
        stop_session(pid)
    if process is not None:
        process.wait()


def _failure(folder: Path, status: int) -> str:
    """Return the reason for which a trainer ended with an exit status."""
    result = read_result(folder)
    if result is None or result.error_code is None:
        return f"the trainer ended with status {status}; its output is in {folder / 'output.log'}"
    return f"{result.error_code}: {result.error_message}"


def _process_count() -> int:
    """Return the number of trainer processes: one per GPU, or one without a GPU."""
    import torch

    return max(torch.cuda.device_count(), 1)
