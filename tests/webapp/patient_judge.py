"""Detector that waits until a test lets it finish, and the analysis service with a short queue around it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from laanet_core.decision import DecisionConfig
from laanet_core.results import AnalysisResult, ModelInfo, Progress, ProgressCallback
from webapp.db.session import Sessions
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.queue import AnalysisQueue
from webapp.services.analysis.service import AnalysisService


def apart(scene: Coroutine[Any, Any, None]) -> None:
    """Run in a thread of its own: the browser tests leave an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, scene).result()


class PatientJudge:
    """Finds no face, once it is allowed to; notices being stopped on the way."""

    info = ModelInfo("patient", "1", "0" * 64)
    decision = DecisionConfig()
    notice = None

    def __init__(self) -> None:
        self.allowed = threading.Event()

    def analyse_file(self, path: Path, *, progress: ProgressCallback, **_: object) -> AnalysisResult:
        assert path.read_bytes() == b"content"
        while not self.allowed.wait(0.02):
            progress(Progress(0.5, "judging"))
        return AnalysisResult("image", "no_face", None, None, (), self.info, 0.1)


def patient_analysis(judge: PatientJudge, sessions: Sessions) -> AnalysisService:
    """Return the service with room for one analysis and one that waits."""
    return AnalysisService(
        judge,
        AnalysisStore(sessions),
        Jobs(),
        frames=1,
        queue=AnalysisQueue(at_once=1, max_waiting=1),
    )


async def until(queue: AnalysisQueue, running: int, waiting: int) -> None:
    """Wait until that many analyses run and wait."""
    async with asyncio.timeout(60):
        while (queue.running, queue.waiting) != (running, waiting):
            await asyncio.sleep(0.01)
