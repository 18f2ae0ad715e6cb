"""In front of the desk and its doors (plain ASGI): foreign origins get 403, and the desk opens to whoever is signed in only."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response

from webapp.services.accounts import SignInService
from webapp.ui.auth import cookies as cookie
from webapp.ui.auth.same_origin import foreign
from webapp.ui.middleware import App, Message, Receive, Send


class Door:
    """Wraps the whole application. `desk` is the path below which one must be signed in, `doors` the pages that lead there.

    Everything below `desk` is behind it, whatever Gradio leaves open there.
    """

    def __init__(self, app: App, *, signing: SignInService, desk: str, doors: tuple[str, ...]) -> None:
        self._app = app
        self._signing = signing
        self._desk = desk
        self._doors = doors

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        at_desk = path == self._desk or path.startswith(f"{self._desk}/")
        if not at_desk and path not in self._doors:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        method = str(scope.get("method", "GET"))
        answer = await run_in_threadpool(
            self._refusal, method, headers, at_desk=at_desk
        )  # it asks the database
        if answer is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await answer(scope, receive, send)

    def _refusal(self, method: str, headers: Headers, *, at_desk: bool) -> Response | None:
        if foreign(method, headers):
            return _error(403, "foreign_origin", "This request comes from another site.")
        if not at_desk or self._signing.person_of(cookie.read(headers)) is not None:
            return None
        if method == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse("/sign-in", status_code=303)
        return _error(401, "not_signed_in", "Please sign in.")


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, {"Cache-Control": "no-store"})
