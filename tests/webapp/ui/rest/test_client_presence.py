"""Tests of analyses that end when their client leaves, with a detector that waits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from laanet_core.errors import Cancelled
from tests.webapp.patient_judge import PatientJudge, apart, patient_analysis, until
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.ui.rest.client_presence import analyse_while_present
from webapp.ui.rest.uploads import Upload


def test_a_client_that_leaves_or_is_cancelled_stops_its_analysis(sessions: Sessions, tmp_path: Path) -> None:
    analysis = patient_analysis(PatientJudge(), sessions)
    (tmp_path / "file").write_bytes(b"content")
    upload = Upload(tmp_path / "file", consent=False)

    async def scene() -> None:
        absence: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(analyse_while_present(analysis, upload, absence))
        await until(analysis.queue, 1, 0)
        waiting = asyncio.create_task(analyse_while_present(analysis, upload, absence))
        await until(analysis.queue, 1, 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await until(analysis.queue, 1, 0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await until(analysis.queue, 0, 0)
        leaving = asyncio.create_task(analyse_while_present(analysis, upload, absence))
        await until(analysis.queue, 1, 0)
        absence.set_result(None)
        with pytest.raises(Cancelled):
            await leaving
        await until(analysis.queue, 0, 0)

    apart(scene())
    with sessions() as session:
        assert session.query(Analysis).count() == 0
