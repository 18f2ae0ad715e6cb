"""Endpoints for operators: health (GET /healthz) and Prometheus metrics (GET /metrics)."""

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


def health_route(health: Health, gradio_queue_length: Callable[[], int]) -> Route:
    """Return GET /healthz: 200 if the server can answer requests, else 503."""

    def healthz(_: Request) -> JSONResponse:
        state = health()
        state["queue_length"] += gradio_queue_length()
        is_healthy = state["status"] == "ok" and state["database"] == "ok"
        return JSONResponse(state, status_code=200 if is_healthy else 503)

    return Route("/healthz", healthz)


def metrics_route(metrics: PrometheusMetrics, token: str) -> Route:
    """Return GET /metrics for clients that send the token as `Authorization: Bearer`; 401 for all others."""
    from webapp.services.operations.prometheus import CONTENT_TYPE

    def show_metrics(request: Request) -> Response:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        is_bearer = scheme.lower() == "bearer"
        is_authorized = is_bearer and secrets.compare_digest(credentials.encode(), token.encode())
        if not is_authorized:
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    return Route("/metrics", show_metrics)


class RequestMetrics:
    """ASGI middleware that records every response in the metrics when its headers are sent."""

    def __init__(self, app: App, metrics: PrometheusMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()

        async def send_and_report(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = time.monotonic() - started
                self._metrics.record_response(scope["method"], scope["path"], message["status"], seconds)
            await send(message)

        await self._app(scope, receive, send_and_report)
