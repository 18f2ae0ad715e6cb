"""The pages for whoever runs the server: whether it is well, and its figures."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webapp.ui.middleware import App, Message, Receive, Send

if TYPE_CHECKING:
    from webapp.services.operations.prometheus import PrometheusMetrics

Health = Callable[[], dict[str, Any]]


def health_route(health: Health, in_queue: Callable[[], int]) -> Route:
    """GET /healthz: 200 when a request would be served, else 503."""

    def healthz(_: Request) -> JSONResponse:
        state = health()
        state["queue_length"] += in_queue()
        return JSONResponse(state, status_code=200 if state["status"] == state["database"] == "ok" else 503)

    return Route("/healthz", healthz)


def metrics_route(metrics: PrometheusMetrics, token: str) -> Route:
    """GET /metrics, for who sends the token as `Authorization: Bearer`; 401 for everybody else."""
    from webapp.services.operations.prometheus import CONTENT_TYPE

    def figures(request: Request) -> Response:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secrets.compare_digest(given.encode(), token.encode()):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    return Route("/metrics", figures)


class Counted:
    """Tells the metrics of every answer, when its head is sent."""

    def __init__(self, app: App, metrics: PrometheusMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.record_response(
                    scope["method"], scope["path"], message["status"], time.monotonic() - started
                )
            await send(message)

        await self._app(scope, receive, counting)
