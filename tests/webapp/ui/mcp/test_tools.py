"""Tests of the tools' calls without a server."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from tests.webapp.patient_judge import PatientJudge, apart, patient_analysis
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions
from webapp.ui.mcp.tools import ANALYSE, DELETE, RESULT, ToolCalls

FILE = base64.b64encode(b"content").decode()


@pytest.fixture
def calls(sessions: Sessions, tmp_path: Path) -> ToolCalls:
    """Calls with a detector that finds no face. A file has at most 7 bytes."""
    judge = PatientJudge()
    judge.allowed.set()
    analysis = patient_analysis(judge, sessions)
    return ToolCalls(analysis, receipt_service(sessions), folder=tmp_path / "uploads", max_bytes=7)


def answered(calls: ToolCalls, name: str, arguments: dict[str, Any]) -> tuple[Any, bool]:
    """Return the answer of a call as JSON values, and whether it is an error."""
    answers: list[tuple[Any, bool]] = []

    async def scene() -> None:
        answer, is_error = await calls.call(name, arguments)
        answers.append((answer.model_dump(mode="json"), is_error))

    apart(scene())
    return answers[0]


def test_a_file_leaves_only_its_result_until_that_is_deleted(calls: ToolCalls, tmp_path: Path) -> None:
    answer, is_error = answered(calls, ANALYSE, {"data": FILE})
    assert (answer["outcome"], answer["kept"], is_error) == ("no_face", False, False)
    assert list((tmp_path / "uploads").iterdir()) == []
    receipt = {"receipt": answer["receipt"]}
    assert answered(calls, RESULT, receipt)[0]["outcome"] == "no_face"
    assert answered(calls, DELETE, receipt) == ({"deleted": True, "error": None}, False)
    assert answered(calls, RESULT, receipt)[0]["error"]["code"] == "unknown_receipt"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"data": base64.b64encode(b"content!").decode()}, "too_large"),
        ({"data": "https://other.example/photo.jpg"}, "invalid_base64"),
        ({"data": f"data:image/png;base64,{FILE}"}, "invalid_base64"),
        ({"data": "é"}, "invalid_base64"),
        ({"data": FILE, "consent": "yes"}, "invalid_request"),
        ({"data": FILE, "url": "https://other.example/"}, "invalid_request"),
        ({"data": 5}, "invalid_request"),
        ({}, "invalid_request"),
    ],
)
def test_other_arguments_are_refused(calls: ToolCalls, arguments: dict[str, Any], code: str) -> None:
    answer, is_error = answered(calls, ANALYSE, arguments)
    assert (answer["error"]["code"], is_error) == (code, True)


def test_a_full_queue_is_busy(calls: ToolCalls, sessions: Sessions, tmp_path: Path) -> None:
    judge = PatientJudge()
    analysis = patient_analysis(judge, sessions)
    full = ToolCalls(analysis, receipt_service(sessions), folder=tmp_path / "uploads", max_bytes=7)

    async def scene() -> None:
        earlier = [asyncio.create_task(full.call(ANALYSE, {"data": FILE})) for _ in range(2)]
        async with asyncio.timeout(60):
            while analysis.queue.waiting != 1:
                await asyncio.sleep(0.01)
        answer, is_error = await full.call(ANALYSE, {"data": FILE})
        assert (answer.model_dump()["error"]["code"], is_error) == ("busy", True)
        judge.allowed.set()
        assert not any(is_error for _, is_error in await asyncio.gather(*earlier))

    apart(scene())
