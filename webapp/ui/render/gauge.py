"""Gauge of a fake probability between the two thresholds of the decision."""

from __future__ import annotations

from dataclasses import dataclass

from laanet_core.decision import DecisionConfig
from laanet_core.results import Verdict
from webapp.texts import Texts
from webapp.texts.formats import share_text
from webapp.texts.sentences import percent_text

# Labels of two thresholds that are closer than this, in shares of the gauge, would overlap.
_LABEL_ROOM = 0.14


@dataclass(frozen=True)
class GaugeZone:
    """Zone of one verdict; `width` is its share of the gauge as CSS."""

    verdict: Verdict
    width: str


@dataclass(frozen=True)
class Gauge:
    """Everything that the template draws. `marker`, `real_below` and `fake_above` are places as CSS.

    `labels` are the texts of the two thresholds, `description` is the text alternative.
    """

    value: str
    marker: str
    zones: tuple[GaugeZone, ...]
    real_below: str
    fake_above: str
    labels: tuple[str, str]
    is_narrow: bool
    description: str


def gauge(fake_prob: float, decision: DecisionConfig, texts: Texts) -> Gauge:
    """Return the gauge of a calibrated fake probability in [0, 1]."""
    low, high = decision.real_below, decision.fake_above
    value = percent_text(fake_prob, texts, (low, high))
    labels = (share_text(low, texts), share_text(high, texts))
    return Gauge(
        value=value,
        marker=f"{fake_prob:.2%}",
        zones=(
            GaugeZone("real", f"{low:.2%}"),
            GaugeZone("inconclusive", f"{high - low:.2%}"),
            GaugeZone("fake", f"{1 - high:.2%}"),
        ),
        real_below=f"{low:.2%}",
        fake_above=f"{high:.2%}",
        labels=labels,
        is_narrow=high - low < _LABEL_ROOM,
        description=texts.gauge.format(value=value, low=labels[0], high=labels[1]),
    )
