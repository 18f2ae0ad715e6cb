"""Tests of the application that the shared server has built."""

from __future__ import annotations

import httpx

from tests.conftest import Server


def test_health_describes_model_runtime_and_database(server: Server) -> None:
    answer = httpx.get(f"{server.url}/healthz", timeout=60)
    health = answer.json()
    assert answer.status_code == 200
    assert (health["status"], health["database"], health["queue_length"]) == ("ok", "ok", 0)
    assert set(health["model"]) == {"name", "version", "sha256"}
    assert health["runtime"] == {"name": "eager", "precision": "float32", "device": "cpu"}
    assert health["device"] == "cpu"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors" in answer.headers["Content-Security-Policy"]


def test_metrics_need_a_token_in_the_settings(server: Server) -> None:
    assert httpx.get(f"{server.url}/metrics", timeout=60).status_code == 404
