"""ASGI middleware before every request: size limit, security headers, and the choice of an application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Mount

if TYPE_CHECKING:
    from webapp.ui.page_presence import Presence

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
# The same for responses that are made outside of `Guard`.
TEXT_HEADERS = {name.decode(): value.decode() for name, value in HEADERS}
NO_STORE = (b"cache-control", b"no-store")
# Beginnings of the paths whose responses may contain receipts.
_PRIVATE_PATHS = ("/api/", "/mcp", "/gradio_api/call/", "/gradio_api/queue/")
# Beginnings of the paths whose errors are JSON.
_JSON_PATHS = ("/api/", "/mcp")
_HEARTBEATS = "/gradio_api/heartbeat/"
OLD_PAGE = "The site was updated. Please reload the page."
TOO_LARGE = "The upload is larger than this server takes."
# Bytes that a form may have in addition to the file itself.
_FORM_ALLOWANCE = 1_000_000


class Guard:
    """Middleware that limits the body of a request and adds headers to every response.

    A body over the limit is refused with 413 if its length is announced, and cut off otherwise. Every
    response has HEADERS; responses that may contain receipts also have NO_STORE.
    """

    def __init__(self, app: App, *, max_bytes: int, allowance: int = _FORM_ALLOWANCE) -> None:
        """A body has at most `max_bytes` and `allowance`, what a form may have besides the file."""
        self._app = app
        self._max_bytes = max_bytes + allowance

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._max_bytes:
            await _refuse(send, as_json=scope["path"].startswith(_JSON_PATHS))
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


class Heartbeats:
    """Middleware that registers the connections with which Gradio's pages and programs show their presence.

    Gradio's own `unload` event would end a visit although the page has connected again.
    """

    def __init__(self, app: App, presence: Presence) -> None:
        self._app = app
        self._presence = presence

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_HEARTBEATS):
            await self._app(scope, receive, send)
            return
        with self._presence.connected(scope["path"].removeprefix(_HEARTBEATS)):
            await self._app(scope, receive, send)


class PageVersion:
    """Middleware that refuses the calls of pages of another version with 409.

    A call names its function by a number, which may belong to another function in the present version. A
    page sends its version in the header `x-lens-pages`. Programs send none and call functions by name.
    """

    def __init__(self, app: App, version: str) -> None:
        self._app = app
        self._version = version.encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        version = dict(scope.get("headers", ())).get(b"x-lens-pages", self._version)
        if scope["type"] == "http" and version != self._version:
            response = JSONResponse({"detail": OLD_PAGE}, 409, TEXT_HEADERS)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


async def _refuse(send: Send, *, as_json: bool) -> None:
    media_type = b"text/plain"
    body = TOO_LARGE
    if as_json:
        media_type = b"application/json"
        body = json.dumps({"error": {"code": "too_large", "message": TOO_LARGE}})
    headers = [(b"content-type", media_type), (b"connection", b"close"), *HEADERS]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
