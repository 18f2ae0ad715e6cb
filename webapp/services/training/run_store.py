"""Database rows of fine-tuning runs: creation, the claim to be the one that runs, progress and outcome."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.db import training_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import TuningRun
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, RunState, SnapshotState
from webapp.domain.errors import Unable
from webapp.domain.ids import new_id
from webapp.domain.iso_time import IsoTime
from webapp.services.audit.log import AuditService

# Length in characters of the column of messages.
_MAX_MESSAGE = 500


@dataclass(frozen=True)
class RunSpec:
    """Parameters of a fine-tuning run.

    `snapshot` is the snapshot's id, `replay` the manifest of a data set to replay beside it. `changes` of the
    recipe are "key=value".
    """

    snapshot: str
    replay: Path | None = None
    changes: Sequence[str] = ()

    def config(self) -> RunConfig:
        """Return the settings to store."""
        replay = None if self.replay is None else str(self.replay.resolve())
        return RunConfig(replay=replay, changes=tuple(self.changes))


class RunConfig(BaseModel):
    """Stored settings of a run.

    A request resumes an earlier run only if the JSON texts of both settings are equal, byte for byte.
    """

    model_config = ConfigDict(frozen=True)

    replay: str | None = None
    changes: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)


@dataclass(frozen=True)
class Run:
    """A run as it was when it was read.

    `pid` is the trainer's process; `heartbeat_at` the supervisor's last heartbeat.
    """

    id: int
    public_id: str
    snapshot: str
    snapshot_sha256: str
    base_sha256: str
    state: str
    step: int
    steps: int
    pid: int | None
    config: RunConfig
    message: str
    created_at: datetime
    heartbeat_at: datetime

    @property
    def version(self) -> str:
        """Version of the candidate that the run makes."""
        return f"ft-{self.id}"


class RunSummary(BaseModel):
    """A run as lists show it. `alive` is true while a process works on it."""

    model_config = ConfigDict(frozen=True)

    run: str
    version: str
    snapshot: str
    state: str
    step: int
    steps: int
    created_at: IsoTime
    message: str
    alive: bool


class RunStore:
    """Runs of one installation. Methods raise Unable with unknown_run and with the codes that they name."""

    def __init__(self, sessions: Sessions, audit: AuditService) -> None:
        self._sessions = sessions
        self._audit = audit

    def find_or_create(self, request: RunSpec, base_sha256: str, steps: int) -> str:
        """Return the id of an unfinished run with the same snapshot, base and settings, or of a new run.

        `base_sha256` is the hash of the weights that the run begins with. Raises Unable with
        unknown_snapshot.
        """
        config = request.config().to_json()
        with self._sessions.begin() as session:
            snapshot = queries.snapshot_by_public_id(session, request.snapshot)
            if snapshot is None:
                raise Unable("unknown_snapshot", f"there is no snapshot {request.snapshot}")
            row = queries.resumable_run(session, snapshot.id, base_sha256, config)
            if row is None:
                row = TuningRun(
                    public_id=new_id(),
                    snapshot=snapshot,
                    base_sha256=base_sha256,
                    state=RunState.WAITING,
                    created_at=now(),
                    heartbeat_at=now(),
                    step=0,
                    steps=steps,
                    config=config,
                    message="",
                )
                session.add(row)
            return row.public_id

    def claim(self, public_id: str, by: str, is_alive: Callable[[Run], bool]) -> Run:
        """Give a run the state running.

        Only one run can have it. If another run has it and `is_alive` returns False for that run, that run
        fails. Raises Unable with run_busy or run_ended.
        """
        try:
            with self._audit.transaction() as (session, record):
                queries.lock_training(session)
                row = _row(session, public_id)
                other = queries.running_run(session)
                if row.state in (RunState.FINISHED, RunState.CANCELLED):
                    raise Unable("run_ended", f"the run {public_id} is {row.state}")
                if other is not None and other.id != row.id:
                    if is_alive(_run(other)):
                        raise busy_error(_run(other))
                    other.state = RunState.FAILED
                    other.message = "interrupted"
                    # The unique index allows one running run, so the other one must be written first.
                    session.flush()
                # A run that the system only resumes was audited when it began.
                is_resumed_by_system = row.state == RunState.RUNNING and by == Actor.SYSTEM
                if not is_resumed_by_system:
                    details = {"snapshot": row.snapshot.public_id, "step": row.step}
                    record(Event(by, Action.FINETUNE_BEGUN, f"run:{public_id}", details))
                row.state = RunState.RUNNING
                row.heartbeat_at = now()
                row.message = ""
                return _run(row)
        except IntegrityError as error:
            raise Unable("run_busy", "another run has just started") from error

    def running(self) -> Run | None:
        """Return the run whose state is running, even if no process works on it any more."""
        with self._sessions() as session:
            row = queries.running_run(session)
            return None if row is None else _run(row)

    def newest(self, limit: int) -> list[Run]:
        """Return at most `limit` runs, newest first."""
        with self._sessions() as session:
            return [_run(row) for row in queries.recent_runs(session, limit)]

    def record_progress(self, public_id: str, step: int, pid: int | None) -> None:
        """Store the step, the trainer's process id and a heartbeat.

        Raises Unable with run_cancelled or stale_snapshot if the run must stop.
        """
        with self._sessions.begin() as session:
            row = _row(session, public_id)
            row.heartbeat_at = now()
            row.step = step
            row.pid = pid
            state = row.state
            snapshot_state = row.snapshot.state
        if state == RunState.CANCELLED:
            raise Unable("run_cancelled", f"the run {public_id} was cancelled")
        if snapshot_state == SnapshotState.STALE:
            raise Unable(
                "stale_snapshot", "an item of the snapshot was deleted; freeze a new snapshot and start again"
            )

    def fail(self, public_id: str, message: str) -> None:
        """Give a run the state failed, with the reason."""
        self._update(public_id, state=RunState.FAILED, message=message[:_MAX_MESSAGE])

    def finish(self, public_id: str, steps: int) -> None:
        """Give a run the state finished. `steps` is the number of its last step."""
        self._update(public_id, state=RunState.FINISHED, step=steps, pid=None, message="")

    def cancel(self, public_id: str, by: str) -> Run:
        """Give a run the state cancelled and return it. Raises Unable with run_ended."""
        with self._audit.transaction() as (session, record):
            queries.lock_training(session)
            row = _row(session, public_id)
            if row.state not in (RunState.WAITING, RunState.RUNNING, RunState.FAILED):
                raise Unable("run_ended", f"the run {public_id} is {row.state} already")
            row.state = RunState.CANCELLED
            row.message = "cancelled"
            record(Event(by, Action.FINETUNE_CANCELLED, f"run:{public_id}", {"step": row.step}))
            return _run(row)

    def split_counts(self, public_id: str) -> dict[str, dict[str, int]]:
        """Return the number of faces in a run's snapshot, by split and label."""
        with self._sessions() as session:
            return queries.counts_by_split(session, _row(session, public_id).snapshot)

    def _update(self, public_id: str, **values: Any) -> None:
        """Set columns of a run, and its heartbeat."""
        with self._sessions.begin() as session:
            statement = update(TuningRun).where(TuningRun.public_id == public_id)
            session.execute(statement.values(heartbeat_at=now(), **values))


def busy_error(run: Run) -> Unable:
    """Return the error that another run is at work."""
    return Unable("run_busy", f"a run is at work: {run.public_id}, step {run.step} of {run.steps}")


def _row(session: Session, public_id: str) -> TuningRun:
    row = queries.run_by_public_id(session, public_id)
    if row is None:
        raise Unable("unknown_run", f"there is no run {public_id}")
    return row


def _run(row: TuningRun) -> Run:
    return Run(
        id=row.id,
        public_id=row.public_id,
        snapshot=row.snapshot.public_id,
        snapshot_sha256=row.snapshot.sha256,
        base_sha256=row.base_sha256,
        state=row.state,
        step=row.step,
        steps=row.steps,
        pid=row.pid,
        config=RunConfig.model_validate_json(row.config),
        message=row.message,
        created_at=row.created_at,
        heartbeat_at=row.heartbeat_at,
    )
