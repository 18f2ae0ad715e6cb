"""Limit of the bytes that all requests together have in memory."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from webapp.ui.middleware import App, Message, Receive, Send

# Seconds after which a refused client may try again.
_RETRY_SECONDS = 10


class BodyBudget:
    """Middleware that refuses a request with 503 if its body does not fit beside those under way.

    JSON with a file in it is in memory as a whole until its answer is sent. A body without an announced
    length counts as `largest` bytes; all bodies together have at most `most` bytes.
    """

    def __init__(self, app: App, *, most: int, largest: int) -> None:
        self._app = app
        self._most = most
        self._largest = largest
        self._used = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        announced = Headers(scope=scope).get("content-length", "")
        size = int(announced) if announced.isdigit() else self._largest
        if self._used + size > self._most:
            message = f"Too many files are being sent. Please try again in {_RETRY_SECONDS} seconds."
            body = {"error": {"code": "busy", "message": message}}
            response = JSONResponse(body, 503, {"Retry-After": str(_RETRY_SECONDS)})
            await response(scope, receive, send)
            return
        self._used += size
        try:
            await self._app(scope, receive, send)
        finally:
            self._used -= size
