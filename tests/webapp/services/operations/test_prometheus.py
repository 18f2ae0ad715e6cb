"""Metrics in Prometheus' text format."""

from __future__ import annotations

from typing import ClassVar

import pytest

from laanet_core.results import ModelInfo
from webapp.domain.enums import ModelRate
from webapp.services.analysis.queue import AnalysisQueue
from webapp.services.label_quality.drift import RateInBand
from webapp.services.operations.prometheus import PrometheusMetrics, page_label


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/", "/"),
        ("/zh", "/zh"),
        ("/receipt-zh", "/receipt-zh"),
        ("/verify", "/verify"),
        ("/api/v1/verify", "/api/v1/verify"),
        ("/verify-zh", "/verify-zh"),
        ("/api/v1/analyse", "/api/v1/analyse"),
        ("/api/v1/model/measures", "/api/v1/model/measures"),
        ("/model/measures-de", "/model/measures-de"),
        ("/api/v1/results/R3ce1pt-of-a-visitor/export", "/api/v1/results"),
        ("/gradio_api/file=/srv/uploads/Erika.jpg", "/gradio_api"),
        ("/healthz", "/healthz"),
        ("/wp-admin/setup.php", "other"),
        ("/metrics/../x", "other"),
    ],
)
def test_paths_become_one_of_few_labels(path: str, label: str) -> None:
    assert page_label(path) == label


def test_gauges_show_the_present_queue_and_unknown_methods_share_a_label() -> None:
    queue = AnalysisQueue(at_once=1, max_waiting=5)
    metrics = PrometheusMetrics(queue, ModelInfo("net", "1", "ab" * 32))
    queue.join()
    queue.join()
    for method in ("GET", "BREW", "SPILL"):
        metrics.record_response(method, "/", 200, 0.1)
    text = metrics.exposition().decode()
    assert "lens_running 1.0" in text
    assert "lens_queue_length 1.0" in text
    assert 'lens_requests_total{method="other",page="/",status="200"} 2.0' in text
    assert 'lens_request_seconds_count{page="/"} 3.0' in text


class CheckedRates:
    """Stand-in for a drift alarm after its check: one rate has left its band, one could not be measured."""

    bands: ClassVar = {ModelRate.RECALL: (0.8, 1.0), ModelRate.PRECISION: (0.8, 1.0)}
    rates = (RateInBand(ModelRate.RECALL, "2026-07", 0.5, (0.4, 0.6), (0.8, 1.0)),)


def test_promised_rates_are_exposed() -> None:
    metrics = PrometheusMetrics(AnalysisQueue(at_once=1, max_waiting=5), ModelInfo("net", "1", "ab" * 32))
    metrics.watch_rates(CheckedRates())  # type: ignore[arg-type]
    text = metrics.exposition().decode()
    assert 'lens_model_in_band{rate="recall"} 0.0' in text
    assert 'lens_model_in_band{rate="precision"} NaN' in text
    assert 'lens_model_rate{rate="recall",value="low"} 0.4' in text
