"""Tests of the endpoints for operators."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from laanet_core.results import ModelInfo
from webapp.services.analysis.queue import AnalysisQueue
from webapp.services.operations.prometheus import PrometheusMetrics
from webapp.ui.health import RequestMetrics, health_route, metrics_route

TOKEN = "a token of sixteen"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({"status": "ok", "database": "ok"}, 200),
        ({"status": "stopping", "database": "ok"}, 503),
        ({"status": "ok", "database": "unavailable"}, 503),
        ({"status": "unavailable", "database": "unavailable"}, 503),
    ],
)
def test_health_is_200_only_if_requests_can_be_answered(state: dict[str, Any], status: int) -> None:
    route = health_route(lambda: {**state, "queue_length": 2}, lambda: 3)
    with TestClient(Starlette(routes=[route])) as client:
        answer = client.get("/healthz")
    assert answer.status_code == status
    assert answer.json() == {**state, "queue_length": 5}


def test_metrics_need_the_token_and_count_responses() -> None:
    metrics = PrometheusMetrics(AnalysisQueue(at_once=1, max_waiting=1), ModelInfo("m", "1", "0" * 64))
    page = Route("/", lambda _: PlainTextResponse("page"))
    app = RequestMetrics(Starlette(routes=[page, metrics_route(metrics, TOKEN)]), metrics)
    with TestClient(app) as client:
        for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": f"Basic {TOKEN}"}):
            refused = client.get("/metrics", headers=headers)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        client.get("/")
        text = client.get("/metrics", headers={"Authorization": f"bearer {TOKEN}"}).text
    assert 'status="401"' in text
    assert 'status="200"' in text
