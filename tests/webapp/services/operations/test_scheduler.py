"""Periodic tasks of the scheduler."""

from __future__ import annotations

import threading

import pytest

from webapp.services.operations.scheduler import ScheduledTask, Scheduler


def test_tasks_run_again_until_the_scheduler_stops(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    often, failed = threading.Event(), threading.Event()

    def work() -> None:
        done.append("work")
        if done.count("work") >= 3:
            often.set()

    def fail() -> None:
        done.append("fail")
        if done.count("fail") >= 2:
            failed.set()
        raise OSError("the disk is full")

    with Scheduler(
        [
            ScheduledTask("working", work, 0.01, 0),
            ScheduledTask("failing", fail, 0.01, 0.02),
            ScheduledTask("sleeping", lambda: done.append("late"), 1, 3600),
        ]
    ):
        assert often.wait(20)
        assert failed.wait(20)
    count = len(done)
    assert "late" not in done
    assert "failing failed" in caplog.text
    assert not [thread for thread in threading.enumerate() if thread.name == "scheduler"]
    assert len(done) == count


def test_a_scheduler_without_tasks_starts_no_thread() -> None:
    with Scheduler([]):
        assert not [thread for thread in threading.enumerate() if thread.name == "scheduler"]
