"""In front of every request: a limit on its body, headers on its answer, and which application it is for (plain ASGI)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from starlette.routing import Mount

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"frame-ancestors 'self' https://huggingface.co; object-src 'none'; base-uri 'self'",
    ),
)
NO_STORE = (b"cache-control", b"no-store")
_ANSWERS = ("/api/", "/gradio_api/call/", "/gradio_api/queue/")  # with receipts in them
TOO_LARGE = "The upload is larger than this server takes."
_ROOM_FOR_FORM = 1_000_000  # bytes beside the file itself


class Guard:
    """Refuses bodies over the limit with 413, announced or not; adds HEADERS to every answer, and NO_STORE to those with receipts."""

    def __init__(self, app: App, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes + _ROOM_FOR_FORM

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._max_bytes:
            await _refuse(send, as_json=scope["path"].startswith("/api/"))
            return
        received = 0
        headers = (*HEADERS, NO_STORE) if scope["path"].startswith(_ANSWERS) else HEADERS

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return {"type": "http.disconnect"} if received > self._max_bytes else message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await self._app(scope, limited, with_headers)


class Fork:
    """Hands requests below `prefix` to another application, before anything of the first one's sees them.

    Gradio answers foreign origins with CORS headers that allow them; below the prefix there are none.
    """

    def __init__(self, app: App, prefix: str, other: App) -> None:
        self._app = app
        self._prefix = f"{prefix}/"
        self._mount = Mount(prefix, app=other)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._prefix):
            scope.update(self._mount.matches(scope)[1])
            await self._mount.handle(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Beside:
    """Hands requests at or below any of `paths` to another application as they are, before anything of the first one's sees them."""

    def __init__(self, app: App, paths: Sequence[str], other: App) -> None:
        self._app = app
        self._paths = tuple(paths)
        self._other = other

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        theirs = scope["type"] in ("http", "websocket") and any(
            path == own or path.startswith(f"{own}/") for own in self._paths
        )
        await (self._other if theirs else self._app)(scope, receive, send)


async def _refuse(send: Send, *, as_json: bool) -> None:
    kind, body = b"text/plain", TOO_LARGE
    if as_json:
        kind, body = b"application/json", json.dumps({"error": {"code": "too_large", "message": TOO_LARGE}})
    headers = [(b"content-type", kind), (b"connection", b"close"), *HEADERS]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
