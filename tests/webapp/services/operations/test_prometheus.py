from __future__ import annotations

import pytest

from laanet_core.results import ModelInfo
from webapp.services.analysis.queue import AnalysisQueue
from webapp.services.operations.prometheus import PrometheusMetrics, kind_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "/"),
        ("/zh", "/zh"),
        ("/receipt-zh", "/receipt-zh"),
        ("/api/v1/analyse", "/api/v1/analyse"),
        ("/api/v1/results/R3ce1pt-of-somebody/export", "/api/v1/results"),
        ("/gradio_api/file=/srv/uploads/Erika.jpg", "/gradio_api"),
        ("/healthz", "/healthz"),
        ("/wp-admin/setup.php", "other"),
        ("/metrics/../x", "other"),
    ],
)
def test_addresses_become_few_labels(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_lines_are_asked_at_the_moment_and_strange_methods_are_one() -> None:
    turns = AnalysisQueue(at_once=1, max_waiting=5)
    metrics = PrometheusMetrics(turns, ModelInfo("net", "1", "ab" * 32))
    turns.join()
    turns.join()
    for method in ("GET", "BREW", "SPILL"):
        metrics.record_response(method, "/", 200, 0.1)
    page = metrics.exposition().decode()
    assert "lens_running 1.0" in page
    assert "lens_queue_length 1.0" in page
    assert 'lens_requests_total{method="other",page="/",status="200"} 2.0' in page
    assert 'lens_request_seconds_count{page="/"} 3.0' in page
