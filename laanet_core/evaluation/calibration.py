"""Making logits into probabilities that mean what they say (Guo et al., ICML 2017), and choosing the verdicts' thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
TEMPERATURE_RANGE = (0.05, 20.0)
BINS = 15


@dataclass(frozen=True)
class ReliabilityBin:
    """Faces whose probability lies in [low, high): how many, their mean probability, and the share that was fake."""

    low: float
    high: float
    count: int
    probability: float
    fake_share: float


def fit_temperature(logits: Array, labels: Array) -> float:
    """The temperature T that makes sigmoid(logit / T) most likely, within TEMPERATURE_RANGE.

    The negative log-likelihood is convex in 1/T, so a golden-section search over it finds the minimum. logits and labels (N,), 1 = fake.
    """
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels, np.float64)
    if logits.shape != labels.shape or logits.ndim != 1 or not len(logits):
        raise ValueError(
            f"logits and labels must be one-dimensional and of one length, not {logits.shape} and {labels.shape}"
        )
    if not np.isfinite(logits).all():
        raise ValueError("logits must be finite")

    def loss(inverse: float) -> float:
        scaled = logits * inverse
        return float(np.mean(np.logaddexp(0, scaled) - labels * scaled))

    low, high = 1 / TEMPERATURE_RANGE[1], 1 / TEMPERATURE_RANGE[0]
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(100):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return float(2 / (low + high))


def reliability_bins(labels: Array, probabilities: Array, bins: int = BINS) -> list[ReliabilityBin]:
    """Bins of equal width over [0, 1]; empty ones are left out."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float64)
    if labels.shape != probabilities.shape or not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("probabilities must lie in [0, 1], one per label")
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    filled: list[ReliabilityBin] = []
    for number in range(bins):
        inside = place == number
        if inside.any():
            mean, share = float(probabilities[inside].mean()), float(labels[inside].mean())
            filled.append(ReliabilityBin(number / bins, (number + 1) / bins, int(inside.sum()), mean, share))
    return filled


def expected_calibration_error(labels: Array, probabilities: Array, bins: int = BINS) -> float:
    """ECE: the distance between probability and share of fakes, averaged over bins of equal width by their count."""
    filled = reliability_bins(labels, probabilities, bins)
    return sum(b.count * abs(b.probability - b.fake_share) for b in filled) / max(len(labels), 1)


def choose_common_thresholds(
    sets: Sequence[tuple[Array, Array]], *, fakes_called_real: float, reals_called_fake: float
) -> tuple[float, float]:
    """(real_below, fake_above) that keep to these shares in every set of (labels, probabilities) by itself, not only on their average."""
    chosen = [
        choose_thresholds(
            labels, probabilities, fakes_called_real=fakes_called_real, reals_called_fake=reals_called_fake
        )
        for labels, probabilities in sets
    ]
    return min(low for low, _ in chosen), max(high for _, high in chosen)


def choose_thresholds(
    labels: Array, probabilities: Array, *, fakes_called_real: float, reals_called_fake: float
) -> tuple[float, float]:
    """(real_below, fake_above) such that at most these shares are called wrongly: fakes below the first, reals above the second.

    The thresholds lie as near each other as that allows; where they would cross, both become their middle, at which either share is
    still kept to.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float64)
    reals, fakes = np.sort(probabilities[labels == 0]), np.sort(probabilities[labels == 1])
    if not len(reals) or not len(fakes):
        raise ValueError("both classes are needed")
    real_below = float(fakes[min(int(fakes_called_real * len(fakes)), len(fakes) - 1)])
    fake_above = float(reals[max(len(reals) - 1 - int(reals_called_fake * len(reals)), 0)])
    if real_below > fake_above:
        real_below = fake_above = (real_below + fake_above) / 2
    return real_below, fake_above
