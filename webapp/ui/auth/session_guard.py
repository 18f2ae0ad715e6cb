"""ASGI middleware that opens the desk to signed-in people only and refuses requests from other origins."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response

from webapp.services.accounts import SignInService
from webapp.ui.auth.cookies import read_cookie
from webapp.ui.auth.same_origin import is_cross_origin
from webapp.ui.middleware import App, Message, Receive, Send

# WebSocket close code for a request that the server does not allow (RFC 6455, "policy violation").
_POLICY_VIOLATION = 1008


class SessionGuard:
    """Wrapper of the whole application.

    Everything at and below `desk` needs a session, including paths that Gradio itself leaves open.
    `sign_in_paths` need none, but other origins are refused there too. All other paths pass unchecked.
    """

    def __init__(
        self, app: App, *, signing: SignInService, desk: str, sign_in_paths: tuple[str, ...]
    ) -> None:
        self._app = app
        self._signing = signing
        self._desk = desk
        self._sign_in_paths = sign_in_paths

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        is_desk = path == self._desk or path.startswith(f"{self._desk}/")
        if not is_desk and path not in self._sign_in_paths:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        method = str(scope.get("method", "GET"))
        # In a thread, because the session is looked up in the database.
        refusal = await run_in_threadpool(self._refusal, method, headers, is_desk=is_desk)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            await refusal(scope, receive, send)

    def _refusal(self, method: str, headers: Headers, *, is_desk: bool) -> Response | None:
        """Return the response that refuses the request, or None if the request may pass."""
        if is_cross_origin(method, headers):
            return _error(403, "foreign_origin", "This request comes from another site.")
        if not is_desk:
            return None
        if self._signing.person_of(read_cookie(headers)) is not None:
            return None
        is_page = method == "GET" and "text/html" in headers.get("accept", "")
        if is_page:
            return RedirectResponse("/sign-in", status_code=303)
        return _error(401, "not_signed_in", "Please sign in.")


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, {"Cache-Control": "no-store"})
