"""What Prometheus may ask: how much is analysed, how long it takes, who waits, what cannot be read, and which model answers."""

from __future__ import annotations

import re

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from laanet_core.results import AnalysisResult, ModelInfo
from webapp.services.analysis.queue import AnalysisQueue

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 100, 300)
# Of addresses only their kind: a receipt, or a file's place, is never a label
_KINDS = (
    (re.compile(r"/api/v1/results/.*"), "/api/v1/results"),
    (re.compile(r"/api/v1/analyse"), "/api/v1/analyse"),
    (re.compile(r"/gradio_api/.*"), "/gradio_api"),
    (re.compile(r"/(healthz|metrics|receipt(-\w\w)?|\w\w)?"), None),
)
_OTHER = "other"


class PrometheusMetrics:
    """Counts into a registry of its own; may be used from several threads."""

    def __init__(self, turns: AnalysisQueue, model: ModelInfo) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "lens_requests_total", "HTTP requests", ["method", "page", "status"], registry=registry
        )
        self._durations = Histogram(
            "lens_request_seconds",
            "Time until an answer was sent",
            ["page"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._analyses = Counter(
            "lens_analyses_total", "Files judged, by kind and outcome", ["kind", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "lens_analysis_seconds", "Time to judge a file", ["kind"], buckets=_SECONDS, registry=registry
        )
        self._unreadable = Counter(
            "lens_decode_errors_total", "Files that could not be judged, by code", ["code"], registry=registry
        )
        Gauge("lens_running", "Analyses under way", registry=registry).set_function(lambda: turns.running)
        Gauge("lens_queue_length", "Analyses that wait for their turn", registry=registry).set_function(
            lambda: turns.waiting
        )
        Gauge(
            "lens_model_info", "The model that answers", ["name", "version", "sha256"], registry=registry
        ).labels(model.name, model.version, model.sha256).set(1)

    def record_analysis(self, result: AnalysisResult) -> None:
        self._analyses.labels(result.kind, result.outcome).inc()
        self._seconds.labels(result.kind).observe(result.seconds)
        if result.error is not None:
            self._unreadable.labels(result.error.code).inc()

    def record_response(self, method: str, path: str, status: int, seconds: float) -> None:
        page = kind_of(path)
        self._requests.labels(
            method if method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS") else _OTHER, page, str(status)
        ).inc()
        self._durations.labels(page).observe(seconds)

    def exposition(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)


def kind_of(path: str) -> str:
    """The label of an address: one of few, whatever is asked for."""
    for pattern, name in _KINDS:
        if pattern.fullmatch(path):
            return name or path
    return _OTHER
