"""From a snapshot to a candidate: one run at a time, that can be told to stop and goes on where it was cut off."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.db import training_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import TuningRun
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, ModelState, RunState, SnapshotState
from webapp.domain.errors import Unable
from webapp.domain.ids import new_id
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import Standing, VersionService
from webapp.services.training import subprocesses as process
from webapp.services.training.snapshot_files import require_enough
from webapp.services.training.snapshots import SnapshotService

logger = logging.getLogger(__name__)
Tell = Callable[[int, int], None]
_BEAT = 1.0  # seconds
_SILENT = timedelta(seconds=60)  # without a beat a run on another machine counts as cut off


@dataclass(frozen=True)
class Wish:
    """What is to be learned: a snapshot, with which other data set, and what is changed of the recipe (KEY=VALUE)."""

    snapshot: str
    replay: Path | None = None
    changes: Sequence[str] = ()

    def config(self) -> str:
        """As it is stored: what two runs must have in common for one to go on with the other."""
        replay = None if self.replay is None else str(self.replay.resolve())
        return json.dumps({"replay": replay, "changes": list(self.changes)}, sort_keys=True)


class FinetuneService:
    """Runs lie in folders in `folder`, each named for its public id. `device` and `threads` as `laanet_core train` takes them, 0
    threads: as many as torch chooses. With `lasting`, a trainer goes on when whoever started it ends.

    Raises Unable: unknown_run, run_busy, run_failed, run_cancelled, and what verifying the snapshot raises.
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
        lasting: bool = True,
    ) -> None:
        self._sessions = sessions
        self._audit = audit
        self._snapshots = snapshots
        self._versions = versions
        self._folder = folder
        self._device = device
        self._threads = ["--threads", str(threads)] if threads else []
        self._lasting = lasting

    def prepare(self, wish: Wish) -> str:
        """The public id of a run for this wish: one that was cut off or failed before, else a new one.

        Raises Unable also with snapshot_too_small, unknown_data; InvalidConfig for a change that cannot be.
        """
        from laanet_core.training.config import changed_recipe

        if wish.replay is not None and not wish.replay.is_file():
            raise Unable("unknown_data", f"there is no manifest {wish.replay.name} to replay")
        steps = changed_recipe("finetune", list(wish.changes), None).steps
        require_enough(self._snapshots.verify(wish.snapshot))
        base = self._versions.base()
        with self._sessions.begin() as session:
            snapshot = queries.snapshot_by_public_id(session, wish.snapshot)
            assert snapshot is not None
            run = queries.resumable_run(session, snapshot.id, base.sha256, wish.config())
            if run is None:
                run = TuningRun(
                    public_id=new_id(), snapshot=snapshot, base_sha256=base.sha256, state=RunState.WAITING, created_at=now(),
                    heartbeat_at=now(), step=0, steps=steps, config=wish.config(), message="",
                )  # fmt: skip
                session.add(run)
            return run.public_id

    def claim(self, public_id: str, by: str = Actor.SYSTEM) -> TuningRun:
        """Make the run the one that runs; one that died makes room. From now on `revive` has it carried out, if nobody else does.

        Raises Unable: run_busy, run_ended.
        """
        try:
            with self._audit.transaction() as (session, tell):
                queries.lock_training(session)
                run, other = _run(session, public_id), queries.running_run(session)
                if run.state in (RunState.FINISHED, RunState.CANCELLED):
                    raise Unable("run_ended", f"the run {public_id} is {run.state}")
                if other is not None and other.id != run.id:
                    if self._alive(other):
                        raise Unable(
                            "run_busy",
                            f"another run is at work: {other.public_id}, step {other.step} of {other.steps}",
                        )
                    other.state, other.message = RunState.FAILED, "cut off"
                    session.flush()
                if run.state != RunState.RUNNING or by != Actor.SYSTEM:  # else it goes on by itself
                    tell(
                        Event(
                            by,
                            Action.FINETUNE_BEGUN,
                            f"run:{public_id}",
                            {"snapshot": run.snapshot.public_id, "step": run.step},
                        )
                    )
                run.state, run.heartbeat_at, run.message = RunState.RUNNING, now(), ""
                return run
        except IntegrityError as error:
            raise Unable("run_busy", "another run has just begun") from error

    def require_idle(self) -> None:
        """Raises Unable: run_busy, where somebody carries a run out."""
        with self._sessions() as session:
            run = queries.running_run(session)
        if run is not None and self._alive(run):
            raise Unable("run_busy", f"a run is at work: {run.public_id}, step {run.step} of {run.steps}")

    def carry_out(self, public_id: str, tell: Tell | None = None) -> Standing:
        """Train to the end, calibrate, and keep the candidate. Whoever kills this process finds the trainer at work; called again, it
        goes on with it, or with what it left.
        """
        from laanet_core.training.trainer import CHECKPOINT

        folder = self._folder / public_id
        with process.held(folder / process.SUPERVISOR) as lock:
            if lock is None:
                raise _busy(public_id)
            run = self.claim(public_id)
            with self._telling(public_id):
                snapshot, base = self._snapshots.verify(run.snapshot.public_id), self._versions.base()
                if base.sha256 != run.base_sha256:
                    raise Unable("run_failed", "another model answers since this run began; begin a new one")
                self._train(run, snapshot, base, tell)
                standing = self._finish(run, snapshot, base)
            (folder / "train" / CHECKPOINT).unlink(
                missing_ok=True
            )  # it is large, and a candidate is not trained on
            self._note(public_id, state=RunState.FINISHED, step=run.steps, pid=None, message="")
        return standing

    def start_detached(self, public_id: str) -> None:
        """Carry a run out in a process of its own, which does not end with this one. Raises Unable: run_busy."""
        folder = self._folder / public_id
        with process.held(folder / process.DETACHED) as lock:
            if lock is None:
                raise _busy(public_id)
            process.detach(["finetune", "--run", public_id], folder / "supervisor.log", locks=[lock])

    def revive(self) -> str | None:
        """Go on with a run whose processes died with the machine or were killed; its public id."""
        with self._sessions() as session:
            run = queries.running_run(session)
        if run is None or self._alive(run) or not (self._folder / run.public_id).is_dir():
            return None
        logger.warning("the fine-tuning %s was cut off at step %d; it goes on", run.public_id, run.step)
        self.start_detached(run.public_id)
        return run.public_id

    def cancel(self, public_id: str, by: str = Actor.SYSTEM) -> None:
        """Whoever carries it out lets the trainer end within a second; where nobody does, it is ended here."""
        with self._audit.transaction() as (session, tell):
            queries.lock_training(session)
            run = _run(session, public_id)
            if run.state not in (RunState.WAITING, RunState.RUNNING, RunState.FAILED):
                raise Unable("run_ended", f"the run {public_id} is {run.state} already")
            run.state, run.message = RunState.CANCELLED, "cancelled"
            pid = run.pid
            tell(Event(by, Action.FINETUNE_CANCELLED, f"run:{public_id}", {"step": run.step}))
        folder = self._folder / public_id
        if (
            pid is not None
            and not process.is_held(folder / process.SUPERVISOR)
            and process.is_held(folder / process.TRAINER)
        ):
            process.end(pid)

    def listed(self, limit: int = 20) -> list[dict[str, Any]]:
        """The newest runs, ready for JSON; `alive`: somebody carries it out."""
        with self._sessions() as session:
            return [{**_facts(run), "alive": self._alive(run)} for run in queries.recent_runs(session, limit)]

    def _alive(self, run: TuningRun) -> bool:
        """By its locks where its folder is here; else by its beat."""
        if run.state != RunState.RUNNING:
            return False
        folder = self._folder / run.public_id
        if folder.is_dir():
            return process.is_held(folder / process.SUPERVISOR) or process.is_held(folder / process.DETACHED)
        return run.heartbeat_at > now() - _SILENT

    @contextmanager
    def _telling(self, public_id: str) -> Iterator[None]:
        """What goes wrong is told in the table too."""
        try:
            yield
        except KeyboardInterrupt:
            self._note(public_id, state=RunState.FAILED, message="stopped; the same command goes on with it")
            raise
        except Unable as error:
            if error.code != "run_cancelled":
                self._note(public_id, state=RunState.FAILED, message=f"{error.code}: {error.message}")
            raise
        except Exception as error:
            self._note(public_id, state=RunState.FAILED, message=str(error)[:500])
            raise

    def _train(self, run: TuningRun, snapshot: Path, base: Standing, tell: Tell | None) -> None:
        folder = self._folder / run.public_id
        while not process.is_done(folder / "train", run.steps):
            with process.held(folder / process.TRAINER) as lock:
                started = (
                    None
                    if lock is None
                    else process.start(self._arguments(run, snapshot, base), folder, lock, processes=_gpus())
                )
            pid = run.pid if started is None else started.pid
            with self._ending(folder, pid, started):
                self._watch(run, pid, started, tell)
            if started is not None and (
                started.wait() != 0 or not process.is_done(folder / "train", run.steps)
            ):
                raise Unable(
                    "run_failed", process.last_words((folder / process.OUTPUT).read_text(errors="replace"))
                )

    @contextmanager
    def _ending(
        self, folder: Path, pid: int | None, started: subprocess.Popen[bytes] | None
    ) -> Iterator[None]:
        """Whatever ends this process ends a trainer that is not to outlive it."""
        try:
            yield
        except BaseException:
            if not self._lasting and pid is not None and process.is_held(folder / process.TRAINER):
                process.end(pid)
                if started is not None:
                    started.wait()
            raise

    def _watch(
        self, run: TuningRun, pid: int | None, started: subprocess.Popen[bytes] | None, tell: Tell | None
    ) -> None:
        """Until the trainer has ended, ours or one that was left behind. Raises Unable: run_cancelled, stale_snapshot, having ended it."""
        folder = self._folder / run.public_id
        while started.poll() is None if started else process.is_held(folder / process.TRAINER):
            step = process.step_of(folder / "train")
            why = self._beat(run.public_id, step, pid)
            if why is not None:
                if pid is not None:
                    process.end(pid)
                if started is not None:
                    started.wait()
                raise why
            if tell is not None:
                tell(step, run.steps)
            time.sleep(_BEAT)

    def _beat(self, public_id: str, step: int, pid: int | None) -> Unable | None:
        with self._sessions.begin() as session:
            run = _run(session, public_id)
            run.heartbeat_at, run.step, run.pid = now(), step, pid
            if run.state == RunState.CANCELLED:
                return Unable("run_cancelled", f"the run {public_id} was cancelled")
            if run.snapshot.state == SnapshotState.STALE:
                return Unable(
                    "stale_snapshot",
                    "something that was learned from was deleted; freeze a new snapshot and begin again",
                )
        return None

    def _arguments(self, run: TuningRun, snapshot: Path, base: Standing) -> list[str]:
        """What the base was taught with keeps it from forgetting; without that the recipe's pull towards its weights does."""
        config = json.loads(run.config)
        replay = [] if config["replay"] is None else ["--replay", config["replay"], "--set", "start_pull=0"]
        changes = [part for change in config["changes"] for part in ("--set", change)]
        data = ["--manifest", str(snapshot / "manifest.csv"), "--packs", str(snapshot), *replay]
        begin = [
            "--recipe",
            "finetune",
            "--init",
            str(base.folder),
            *changes,
            "--device",
            self._device,
            *self._threads,
        ]
        return [str(self._folder / run.public_id / "train"), *data, *begin, "--checkpoint-every", "20"]

    def _finish(self, run: TuningRun, snapshot: Path, base: Standing) -> Standing:
        """Half precision, calibrated on the snapshot's val part, with its ancestry, under a version of its own."""
        from laanet_core.modeling.loading import load_weights, save_weights

        version = version_of(run)
        with self._sessions() as session:
            parts = queries.counts_by_split(session, run.snapshot)
            with contextlib.suppress(Unable):
                if queries.version_by_name(session, version) is not None:
                    return self._versions.checked(version)
        train = self._folder / run.public_id / "train"
        loaded, parent = load_weights(train / "weights"), load_weights(base.folder)
        card = {
            "training": json.loads((train / "config.json").read_text(encoding="utf-8"))["training"],
            "run": {"id": run.public_id, **json.loads(run.config)},
            "snapshot": {"id": run.snapshot.public_id, "sha256": run.snapshot.sha256, "parts": parts},
            "parent": {**dataclasses.asdict(parent.info), **parent.card},
        }
        if "notice" in parent.card:
            card["notice"] = parent.card["notice"]
        with tempfile.TemporaryDirectory(dir=self._folder / run.public_id) as made:
            save_weights(
                loaded.model, Path(made), decision=parent.decision, version=version, card=card, half=True
            )
            manifest = [
                "--manifest",
                str(snapshot / "manifest.csv"),
                "--packs",
                str(snapshot),
                "--sets",
                "labelled",
            ]
            process.call("calibrate", made, *manifest, "--device", self._device, "--json")
            return self._versions.register(
                Path(made), version, state=ModelState.CANDIDATE, parent_sha256=base.sha256, run_id=run.id
            )  # fmt: skip

    def _note(self, public_id: str, **values: Any) -> None:
        with self._sessions.begin() as session:
            session.execute(
                update(TuningRun).where(TuningRun.public_id == public_id).values(heartbeat_at=now(), **values)
            )


def version_of(run: TuningRun) -> str:
    """What a run's candidate is called."""
    return f"ft-{run.id}"


def _run(session: Session, public_id: str) -> TuningRun:
    run = queries.run_by_public_id(session, public_id)
    if run is None:
        raise Unable("unknown_run", f"there is no run {public_id}")
    return run


def _busy(public_id: str) -> Unable:
    return Unable("run_busy", f"the run {public_id} is being carried out already")


def _facts(run: TuningRun) -> dict[str, Any]:
    return {
        "run": run.public_id,
        "version": version_of(run),
        "snapshot": run.snapshot.public_id,
        "state": run.state,
        "step": run.step,
        "steps": run.steps,
        "created_at": run.created_at.isoformat(),
        "message": run.message,
    }


def _gpus() -> int:
    import torch

    return max(torch.cuda.device_count(), 1)
