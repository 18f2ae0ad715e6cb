"""ASGI middleware before every request: size limit, security headers, and the choice of an application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from starlette.routing import Mount

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# Hugging Face shows a Space in a frame of its own pages.
_CONTENT_POLICY = b"frame-ancestors 'self' https://huggingface.co; object-src 'none'; base-uri 'self'"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", _CONTENT_POLICY),
)
NO_STORE = (b"cache-control", b"no-store")
# Beginnings of the paths whose responses may contain receipts.
_PRIVATE_PATHS = ("/api/", "/gradio_api/call/", "/gradio_api/queue/")
TOO_LARGE = "The upload is larger than this server takes."
# Bytes that a form may have in addition to the file itself.
_FORM_ALLOWANCE = 1_000_000


class Guard:
    """Middleware that limits the body of a request and adds headers to every response.

    A body over the limit is refused with 413 if its length is announced, and cut off otherwise. Every
    response has HEADERS; responses that may contain receipts also have NO_STORE.
    """

    def __init__(self, app: App, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes + _FORM_ALLOWANCE

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._max_bytes:
            await _refuse(send, as_json=scope["path"].startswith("/api/"))
            return
        received = 0
        headers = (*HEADERS, NO_STORE) if scope["path"].startswith(_PRIVATE_PATHS) else HEADERS

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                return {"type": "http.disconnect"}
            return message

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await self._app(scope, receive_limited, send_with_headers)


class Fork:
    """Switch that mounts another application below `prefix`, before the first one and its middleware.

    Gradio's CORS headers allow other origins; below the prefix there are none.
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
    """Switch that passes requests at or below `paths` to another application, with their paths unchanged."""

    def __init__(self, app: App, paths: Sequence[str], other: App) -> None:
        self._app = app
        self._paths = tuple(paths)
        self._other = other

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        is_request = scope["type"] in ("http", "websocket")
        if is_request and self._matches(str(scope["path"])):
            await self._other(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _matches(self, path: str) -> bool:
        return any(path == own or path.startswith(f"{own}/") for own in self._paths)


async def _refuse(send: Send, *, as_json: bool) -> None:
    media_type = b"text/plain"
    body = TOO_LARGE
    if as_json:
        media_type = b"application/json"
        body = json.dumps({"error": {"code": "too_large", "message": TOO_LARGE}})
    headers = [(b"content-type", media_type), (b"connection", b"close"), *HEADERS]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
