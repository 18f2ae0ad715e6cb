from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from webapp.db.session import Sessions
from webapp.domain.clock import now
from webapp.domain.enums import RunState
from webapp.services.audit.log import AuditService
from webapp.services.training.file_locks import try_lock
from webapp.services.training.run_store import Run, RunConfig, RunStore
from webapp.services.training.supervisor import DETACHED_LOCK, SUPERVISOR_LOCK, Supervisor


def run_with(heartbeat_at: datetime, state: str = RunState.RUNNING) -> Run:
    return Run(
        id=1,
        public_id="1" * 32,
        snapshot="5" * 32,
        snapshot_sha256="a" * 64,
        base_sha256="b" * 64,
        state=state,
        step=0,
        steps=10,
        pid=None,
        config=RunConfig(),
        message="",
        created_at=heartbeat_at,
        heartbeat_at=heartbeat_at,
    )


@pytest.fixture
def supervisor(sessions: Sessions, audit: AuditService, tmp_path: Path) -> Supervisor:
    return Supervisor(RunStore(sessions, audit), tmp_path / "runs")


@pytest.mark.parametrize("name", [SUPERVISOR_LOCK, DETACHED_LOCK])
def test_a_run_of_this_machine_is_alive_while_it_has_a_lock(supervisor: Supervisor, name: str) -> None:
    run = run_with(now())
    with try_lock(supervisor.folder_of(run.public_id) / name):
        assert supervisor.is_alive(run)
        assert not supervisor.is_alive(dataclasses.replace(run, state=RunState.FAILED))
    assert not supervisor.is_alive(run)


def test_a_run_of_another_machine_is_alive_while_it_has_heartbeats(supervisor: Supervisor) -> None:
    assert supervisor.is_alive(run_with(now()))
    assert not supervisor.is_alive(run_with(now() - timedelta(minutes=2)))


def test_one_process_supervises_a_run(supervisor: Supervisor) -> None:
    with supervisor.lock("1" * 32) as first, supervisor.lock("1" * 32) as second:
        assert first is not None
        assert second is None
