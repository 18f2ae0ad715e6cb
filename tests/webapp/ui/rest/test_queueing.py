"""Queue of POST /api/v1/analyse: waiting, refused and departed clients, with a detector that waits."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.webapp.asgi_client import post
from tests.webapp.patient_judge import PatientJudge, apart, patient_analysis, until
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.domain.clock import now
from webapp.media.store import MediaStore
from webapp.security.signing_keys import new_keys
from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.services.results.exports import ExportService
from webapp.services.results.feedback import FeedbackService
from webapp.services.results.verification import VerificationService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.settings import Settings
from webapp.ui.middleware import App
from webapp.ui.rest.app import RestServices, build


class Line:
    """The application with room for one analysis and one that waits."""

    def __init__(self, sessions: Sessions, folder: Path) -> None:
        self.judge = PatientJudge()
        self.analysis = patient_analysis(self.judge, sessions)
        self.settings = Settings(cache=folder)
        receipts = receipt_service(sessions)
        exports = ExportService(
            sessions, receipts, KeptMediaService(sessions, MediaStore(str(folder / "media")), quota=0)
        )
        verification = VerificationService(sessions, lambda: new_keys(now()).public)
        model_measures = ModelMeasureService(sessions, delay=timedelta(0))
        self.app: App = build(
            RestServices(
                self.analysis, FeedbackService(sessions), receipts, exports, verification, model_measures
            ),
            self.settings,
        )

    def left(self) -> list[Path]:
        return list(self.settings.uploads.iterdir())

    async def until(self, running: int, waiting: int) -> None:
        await until(self.analysis.queue, running, waiting)

    async def post(self, gone: asyncio.Event, *, whole: bool = True) -> tuple[int, dict[bytes, bytes], bytes]:
        """Send a file as a server would hand it on; the client goes away when `gone` is set."""
        sent = await post(self.app, "/analyse", b"content", gone, whole=whole)
        return sent[0]["status"], dict(sent[0]["headers"]), sent[-1]["body"]


@pytest.fixture
def line(sessions: Sessions, tmp_path: Path) -> Line:
    return Line(sessions, tmp_path / "cache")


def test_who_comes_to_a_full_line_is_asked_to_come_back(line: Line) -> None:
    async def scene() -> None:
        there = asyncio.Event()
        first = asyncio.create_task(line.post(there))
        await line.until(1, 0)
        second = asyncio.create_task(line.post(there))
        await line.until(1, 1)
        status, headers, body = await line.post(there)
        assert (status, json.loads(body)["error"]["code"]) == (503, "busy")
        assert int(headers[b"retry-after"]) >= 1
        line.judge.allowed.set()
        for answered in (await first, await second):
            assert answered[0] == 200
            assert json.loads(answered[2])["outcome"] == "no_face"
        await line.until(0, 0)

    apart(scene())
    assert line.left() == []


def test_the_page_and_programs_share_the_line(line: Line, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")

    async def scene() -> None:
        page = asyncio.create_task(asyncio.to_thread(line.analysis.analyse, tmp_path / "file"))
        await line.until(1, 0)
        program = asyncio.create_task(line.post(asyncio.Event()))
        await line.until(1, 1)
        line.judge.allowed.set()
        assert (await page).receipt is not None
        assert (await program)[0] == 200

    apart(scene())


def test_who_goes_away_leaves_nothing(line: Line, sessions: Sessions) -> None:
    async def scene() -> None:
        first_gone, second_gone, third_gone = (asyncio.Event() for _ in range(3))
        running = asyncio.create_task(line.post(first_gone))
        await line.until(1, 0)
        waiting = asyncio.create_task(line.post(second_gone))
        await line.until(1, 1)
        second_gone.set()
        assert (await waiting)[0] == 499
        await line.until(1, 0)
        half = asyncio.create_task(line.post(third_gone, whole=False))
        third_gone.set()
        assert (await half)[0] == 499
        first_gone.set()
        assert (await running)[0] == 499
        await line.until(0, 0)

    apart(scene())
    assert line.left() == []
    with sessions() as session:
        assert session.query(Analysis).count() == 0
