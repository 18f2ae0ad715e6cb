"""Prometheus metrics: requests, analyses, decode errors, queue length and the current model."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from laanet_core.results import AnalysisResult, ModelInfo
from webapp.domain.enums import ModelRate
from webapp.services.analysis.queue import AnalysisQueue
from webapp.services.label_quality.drift import DriftAlarm, RateInBand

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Upper bounds in seconds of the histograms' buckets.
_BUCKETS = (0.1, 0.3, 1, 3, 10, 30, 100, 300)
# Pairs of a path pattern and its label; with None the path is the label. Receipts and file names never
# become labels.
_PAGES = (
    (re.compile(r"/api/v1/results/.*"), "/api/v1/results"),
    (re.compile(r"/api/v1/(analyse|verify|model/measures)"), None),
    (re.compile(r"/gradio_api/.*"), "/gradio_api"),
    (re.compile(r"/(healthz|metrics|(receipt|verify|model/measures)(-\w\w)?|\w\w)?"), None),
)
_METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")
_OTHER = "other"


class PrometheusMetrics:
    """Counters and gauges in a registry of their own. Thread-safe."""

    def __init__(self, queue: AnalysisQueue, model: ModelInfo) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "lens_requests_total", "HTTP requests", ["method", "page", "status"], registry=registry
        )
        self._request_seconds = Histogram(
            "lens_request_seconds",
            "Time until an answer was sent",
            ["page"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._analyses = Counter(
            "lens_analyses_total", "Files judged, by kind and outcome", ["kind", "outcome"], registry=registry
        )
        self._analysis_seconds = Histogram(
            "lens_analysis_seconds", "Time to judge a file", ["kind"], buckets=_BUCKETS, registry=registry
        )
        self._decode_errors = Counter(
            "lens_decode_errors_total", "Files that could not be judged, by code", ["code"], registry=registry
        )
        running = Gauge("lens_running", "Analyses under way", registry=registry)
        running.set_function(lambda: queue.running)
        waiting = Gauge("lens_queue_length", "Analyses that wait for their turn", registry=registry)
        waiting.set_function(lambda: queue.waiting)
        info = Gauge(
            "lens_model_info", "The model that answers", ["name", "version", "sha256"], registry=registry
        )
        info.labels(model.name, model.version, model.sha256).set(1)

    def watch_rates(self, drift: DriftAlarm) -> None:
        """Expose the promised rates of the model: whether each is in its band, and its share and interval.

        A rate that could not be measured is NaN.
        """
        if not drift.bands:
            return
        in_band = Gauge(
            "lens_model_in_band",
            "1: a rate on the audit sample is in the promised band; 0: drift alarm",
            ["rate"],
            registry=self._registry,
        )
        measured = Gauge(
            "lens_model_rate",
            "Rate on the audit sample: share, and low and high end of its 95 % interval",
            ["rate", "value"],
            registry=self._registry,
        )
        values: dict[str, Callable[[RateInBand], float]] = {
            "share": lambda rate: rate.share,
            "low": lambda rate: rate.interval[0],
            "high": lambda rate: rate.interval[1],
        }
        for name in drift.bands:
            in_band.labels(name).set_function(_reader(drift, name, lambda rate: float(not rate.is_outside)))
            for value, read in values.items():
                measured.labels(name, value).set_function(_reader(drift, name, read))

    def record_analysis(self, result: AnalysisResult) -> None:
        """Count an analysed file and record how long the analysis took."""
        self._analyses.labels(result.kind, result.outcome).inc()
        self._analysis_seconds.labels(result.kind).observe(result.seconds)
        if result.error is not None:
            self._decode_errors.labels(result.error.code).inc()

    def record_response(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count an HTTP response and record its duration in `seconds`."""
        page = page_label(path)
        known_method = method if method in _METHODS else _OTHER
        self._requests.labels(known_method, page, str(status)).inc()
        self._request_seconds.labels(page).observe(seconds)

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


def _reader(drift: DriftAlarm, name: ModelRate, read: Callable[[RateInBand], float]) -> Callable[[], float]:
    """Return a function that reads a value of a rate of the last check; NaN if it was not measured."""
    return lambda: next((read(rate) for rate in drift.rates if rate.rate == name), math.nan)


def page_label(path: str) -> str:
    """Return the label for a request's path. The number of labels is limited."""
    for pattern, label in _PAGES:
        if pattern.fullmatch(path):
            return label or path
    return _OTHER
