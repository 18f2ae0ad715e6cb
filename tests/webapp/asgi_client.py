"""Client that posts one request to an ASGI application and goes away at a moment that a test chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

# Seconds that an application may take after the client is gone.
_PATIENCE = 60


async def post(
    app: Callable[..., Awaitable[None]],
    path: str,
    body: bytes,
    gone: asyncio.Event,
    *,
    headers: Mapping[str, str] | None = None,
    whole: bool = True,
) -> list[dict[str, Any]]:
    """Send a body as a server would hand it on, and return the application's messages.

    The client goes away when `gone` is set. `whole`: the client has sent all of its body.
    """
    sent: list[dict[str, Any]] = []
    bodies = [{"type": "http.request", "body": body, "more_body": not whole}]

    async def receive() -> Any:
        if bodies:
            return bodies.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    async with asyncio.timeout(_PATIENCE):
        await app(scope, receive, send)
    return sent
