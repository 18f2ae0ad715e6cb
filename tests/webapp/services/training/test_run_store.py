from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.synthetic_uploads import error_code
from webapp.db.session import Sessions
from webapp.db.tables import Snapshot
from webapp.domain.clock import now
from webapp.domain.enums import Actor, RunState, SnapshotState
from webapp.services.audit.log import AuditService
from webapp.services.training.run_store import Run, RunSpec, RunStore

pytestmark = pytest.mark.both_databases
SNAPSHOT, BASE = "5" * 32, "b" * 64


@pytest.fixture
def runs(sessions: Sessions, audit: AuditService) -> RunStore:
    with sessions.begin() as session:
        session.add(
            Snapshot(
                public_id=SNAPSHOT,
                sha256="a" * 64,
                created_at=now(),
                state=SnapshotState.FROZEN,
                real=0,
                fake=0,
                train=0,
                val=0,
                gold=0,
            )
        )
    return RunStore(sessions, audit)


def is_dead(_: Run) -> bool:
    return False


def is_living(_: Run) -> bool:
    return True


def test_the_stored_settings_have_sorted_keys_and_absolute_paths(tmp_path: Path) -> None:
    config = RunSpec(SNAPSHOT, tmp_path / "a" / ".." / "m.csv", ["steps=5"]).config()
    assert json.loads(config.to_json()) == {"changes": ["steps=5"], "replay": str(tmp_path / "m.csv")}
    assert config.to_json().index("changes") < config.to_json().index("replay")


def test_an_unfinished_run_with_equal_settings_is_resumed(runs: RunStore) -> None:
    first = runs.find_or_create(RunSpec(SNAPSHOT), BASE, 10)
    assert runs.find_or_create(RunSpec(SNAPSHOT), BASE, 10) == first
    assert runs.find_or_create(RunSpec(SNAPSHOT, changes=["steps=5"]), BASE, 5) != first
    assert runs.find_or_create(RunSpec(SNAPSHOT), "c" * 64, 10) != first
    runs.finish(first, 10)
    assert runs.find_or_create(RunSpec(SNAPSHOT), BASE, 10) != first


def test_one_run_is_claimed_at_a_time_and_a_dead_one_makes_room(runs: RunStore) -> None:
    first = runs.find_or_create(RunSpec(SNAPSHOT), BASE, 10)
    second = runs.find_or_create(RunSpec(SNAPSHOT, changes=["steps=5"]), BASE, 5)
    assert runs.claim(first, Actor.SYSTEM, is_dead).state == RunState.RUNNING
    assert error_code(runs.claim, second, Actor.SYSTEM, is_living) == "run_busy"
    assert runs.claim(second, Actor.SYSTEM, is_dead).public_id == second
    states = {run.public_id: (run.state, run.message) for run in runs.newest(2)}
    assert states == {first: (RunState.FAILED, "interrupted"), second: (RunState.RUNNING, "")}
    running = runs.running()
    assert running is not None
    assert running.public_id == second


def test_progress_is_stored_until_the_run_must_stop(runs: RunStore, sessions: Sessions) -> None:
    run = runs.find_or_create(RunSpec(SNAPSHOT), BASE, 10)
    runs.claim(run, Actor.SYSTEM, is_dead)
    runs.record_progress(run, 3, 1234)
    stored = runs.newest(1)[0]
    assert (stored.step, stored.pid) == (3, 1234)
    with sessions.begin() as session:
        session.query(Snapshot).one().state = SnapshotState.STALE
    assert error_code(runs.record_progress, run, 4, 1234) == "stale_snapshot"
    assert runs.cancel(run, Actor.SYSTEM).pid == 1234
    assert error_code(runs.record_progress, run, 5, 1234) == "run_cancelled"
    assert error_code(runs.cancel, run, Actor.SYSTEM) == "run_ended"
    assert error_code(runs.claim, run, Actor.SYSTEM, is_dead) == "run_ended"
    assert error_code(runs.cancel, "0" * 32, Actor.SYSTEM) == "unknown_run"
