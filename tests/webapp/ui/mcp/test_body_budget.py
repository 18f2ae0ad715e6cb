"""Tests of the limit of all bodies together."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.webapp.patient_judge import apart
from webapp.ui.mcp.body_budget import BodyBudget


async def status_of(app: BodyBudget, *headers: tuple[bytes, bytes]) -> int:
    """Return the status of a request with these headers."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "headers": list(headers)}, receive, send)
    return int(sent[0]["status"])


def test_bodies_together_are_limited() -> None:
    async def scene() -> None:
        finished = asyncio.Event()

        async def answer(_: Any, __: Any, send: Any) -> None:
            await finished.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        app = BodyBudget(answer, most=100, largest=60)
        # A body without a length counts as the largest.
        first = asyncio.create_task(status_of(app))
        second = asyncio.create_task(status_of(app, (b"content-length", b"40")))
        await asyncio.sleep(0)
        assert await status_of(app, (b"content-length", b"1")) == 503
        finished.set()
        assert [await first, await second] == [200, 200]
        assert await status_of(app, (b"content-length", b"100")) == 200

    apart(scene())
