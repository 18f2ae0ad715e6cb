"""Shutdown of the services, with recorded steps instead of a server."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from laanet_core.results import AnalysisResult, Progress
from tests.webapp.conftest import Judged
from webapp.db.session import Sessions
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.queue import Restarting
from webapp.services.analysis.service import AnalysisService
from webapp.services.operations.scheduler import Scheduler
from webapp.services.operations.shutdown import Shutdown


class SlowDetector:
    """Detector that returns a prepared result after `released` is set."""

    notice = None

    def __init__(self, judged: Judged) -> None:
        self.info, self.decision, self._judged = judged.info, judged.decision, judged
        self.begun, self.released = threading.Event(), threading.Event()

    def analyse_file(self, path: str | Path, *, progress: Any = None, **_: Any) -> AnalysisResult:
        self.begun.set()
        while not self.released.wait(0.02):
            progress(Progress(0.5, "judging"))
        return self._judged.analyse_file(path)


@pytest.fixture
def slow(judged: Judged) -> SlowDetector:
    return SlowDetector(judged)


@pytest.fixture
def analysis(slow: SlowDetector, sessions: Sessions) -> AnalysisService:
    return AnalysisService(slow, AnalysisStore(sessions), Jobs(), frames=4)


def recorded_shutdown(analysis: AnalysisService, **options: Any) -> tuple[Shutdown, list[str]]:
    """Return a shutdown and the list of steps that it has run."""
    done: list[str] = []

    def step(name: str) -> Any:
        return lambda: done.append(name)

    steps = {name: step(name) for name in ("backup", "close_server", "close_decoders", "close_database")}
    return Shutdown(analysis, Scheduler([]), **steps, **options), done


def test_running_work_finishes_waiting_work_is_refused_then_steps_run(
    analysis: AnalysisService, slow: SlowDetector, judged: Judged
) -> None:
    end, done = recorded_shutdown(analysis)
    with ThreadPoolExecutor(3) as pool:
        running = pool.submit(analysis.analyse, judged.picture)
        assert slow.begun.wait(20)
        waiting = pool.submit(analysis.analyse, judged.picture)
        while analysis.queue.waiting == 0:
            time.sleep(0.01)
        ended = pool.submit(end.run)
        with pytest.raises(Restarting):
            waiting.result(timeout=20)
        with pytest.raises(Restarting):
            analysis.queue.join()
        with pytest.raises(Restarting):
            analysis.analyse(judged.picture)
        assert (done, analysis.queue.is_closed) == ([], True)
        slow.released.set()
        assert running.result(timeout=20).receipt is not None
        ended.result(timeout=20)
    assert done == ["backup", "close_server", "close_decoders", "close_database"]


def test_slow_work_is_aborted(analysis: AnalysisService, slow: SlowDetector, judged: Judged) -> None:
    end, done = recorded_shutdown(analysis, finish_seconds=0.2)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(analysis.analyse, judged.picture)
        assert slow.begun.wait(20)
        end.run()
        with pytest.raises(Restarting):
            running.result(timeout=20)
    assert done == ["backup", "close_server", "close_decoders", "close_database"]


def test_hanging_and_failing_steps_do_not_block_the_others(
    analysis: AnalysisService, caplog: pytest.LogCaptureFixture
) -> None:
    never, done = threading.Event(), []

    def fail() -> None:
        raise OSError("the volume is gone")

    started = time.monotonic()
    last = {
        "close_decoders": lambda: done.append("decoders"),
        "close_database": lambda: done.append("database"),
    }
    Shutdown(analysis, Scheduler([]), backup=fail, close_server=never.wait, **last).run(seconds=2.5)
    assert time.monotonic() - started < 10
    assert done == ["decoders", "database"]
    assert "the last backup failed" in caplog.text
    assert "closing the server was given up" in caplog.text
    never.set()
