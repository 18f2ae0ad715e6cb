"""Calibration: temperature scaling (Guo et al., ICML 2017) and the thresholds of the verdicts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidDataset
from laanet_core.evaluation.metrics import VerdictShares, sigmoid, verdict_shares
from laanet_core.evaluation.predictions import Prediction

Array = npt.NDArray[Any]
TEMPERATURE_RANGE = (0.05, 20.0)

# Bins of equal width of the reliability diagram.
BINS = 15

# Iterations of the golden-section search; the bracket shrinks to 1e-20 of its width.
_ITERATIONS = 100

# Thresholds are stored with four decimals, rounded outwards.
_THRESHOLD_STEPS = 1e4


@dataclass(frozen=True)
class ErrorLimits:
    """Largest shares, in every set, of real faces called fake and of fakes called real."""

    real_called_fake: float = 0.05
    fake_called_real: float = 0.10


@dataclass(frozen=True)
class Calibration:
    """Decision values and calibration errors from `faces` predictions.

    The ECE is given before and after temperature scaling. `verdicts` maps a set's name to the shares of its
    real and of its fake faces.
    """

    faces: int
    decision: DecisionConfig
    uncalibrated_ece: float
    calibrated_ece: float
    verdicts: Mapping[str, tuple[VerdictShares, VerdictShares]]

    def to_json(self) -> dict[str, Any]:
        return {
            "faces": self.faces,
            "decision": self.decision.to_dict(),
            "ece": {
                "uncalibrated": round(self.uncalibrated_ece, 4),
                "calibrated": round(self.calibrated_ece, 4),
            },
            "verdicts": {
                name: {"of_real": dataclasses.asdict(real), "of_fake": dataclasses.asdict(fake)}
                for name, (real, fake) in self.verdicts.items()
            },
        }


@dataclass(frozen=True)
class ReliabilityBin:
    """Faces with a probability in [low, high): their count, mean probability and share of fakes."""

    low: float
    high: float
    count: int
    probability: float
    fake_share: float


def calibrate(
    sets: Mapping[str, Sequence[Prediction]], decision: DecisionConfig, limits: ErrorLimits | None = None
) -> Calibration:
    """Return calibrated decision values from predictions by set name.

    The temperature fits all sets together; the thresholds keep to `limits` in each set. `decision` provides
    the values that calibration leaves as they are. Raises InvalidDataset if a set lacks real or fake faces.
    """
    limits = limits or ErrorLimits()
    labels = {name: np.array([face.label for face in faces]) for name, faces in sets.items()}
    logits = {name: np.array([face.fake_logit for face in faces]) for name, faces in sets.items()}
    for name, values in labels.items():
        if not {0, 1} <= set(values.tolist()):
            raise InvalidDataset(f"the set {name} needs both real and fake faces for a calibration")
    if not sets:
        raise InvalidDataset("there is no set of faces to calibrate on")
    all_labels, all_logits = np.concatenate(list(labels.values())), np.concatenate(list(logits.values()))

    temperature = round(fit_temperature(all_logits, all_labels), 4)
    probabilities = {name: sigmoid(values / temperature) for name, values in logits.items()}
    real_below, fake_above = choose_common_thresholds(
        [(labels[name], probabilities[name]) for name in sets],
        fakes_called_real=limits.fake_called_real,
        reals_called_fake=limits.real_called_fake,
    )
    calibrated = dataclasses.replace(
        decision,
        temperature=temperature,
        real_below=math.floor(real_below * _THRESHOLD_STEPS) / _THRESHOLD_STEPS,
        fake_above=math.ceil(fake_above * _THRESHOLD_STEPS) / _THRESHOLD_STEPS,
        calibrated=True,
    )
    return Calibration(
        faces=len(all_labels),
        decision=calibrated,
        uncalibrated_ece=expected_calibration_error(all_labels, sigmoid(all_logits)),
        calibrated_ece=expected_calibration_error(all_labels, sigmoid(all_logits / temperature)),
        verdicts={
            name: verdict_shares_by_class(labels[name], probabilities[name], calibrated) for name in sets
        },
    )


def verdict_shares_by_class(
    labels: Array, probabilities: Array, decision: DecisionConfig
) -> tuple[VerdictShares, VerdictShares]:
    """Return the verdict shares of the real and of the fake faces.

    labels (N,), 1 = fake; probabilities (N,) in [0, 1].
    """
    real, fake = (
        verdict_shares(
            probabilities[labels == label], real_below=decision.real_below, fake_above=decision.fake_above
        )
        for label in (0, 1)
    )
    return real, fake


def fit_temperature(logits: Array, labels: Array) -> float:
    """Return the temperature T in TEMPERATURE_RANGE that maximises the likelihood of sigmoid(logit / T).

    logits and labels (N,), 1 = fake. The negative log-likelihood is convex in 1/T, so a golden-section search
    finds its minimum. Raises ValueError for other shapes or logits that are not finite.
    """
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels, np.float64)
    if logits.shape != labels.shape or logits.ndim != 1 or not len(logits):
        raise ValueError(
            "logits and labels must be one-dimensional and of one length, "
            f"not {logits.shape} and {labels.shape}"
        )
    if not np.isfinite(logits).all():
        raise ValueError("logits must be finite")

    def loss(inverse: float) -> float:
        scaled = logits * inverse
        return float(np.mean(np.logaddexp(0, scaled) - labels * scaled))

    low, high = 1 / TEMPERATURE_RANGE[1], 1 / TEMPERATURE_RANGE[0]
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(_ITERATIONS):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return float(2 / (low + high))


def reliability_bins(labels: Array, probabilities: Array, bins: int = BINS) -> list[ReliabilityBin]:
    """Return the non-empty bins of equal width over [0, 1].

    labels (N,), 1 = fake; probabilities (N,) in [0, 1]. Raises ValueError for other shapes or ranges.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float64)
    if labels.shape != probabilities.shape or not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("probabilities must lie in [0, 1], one per label")
    numbers = np.minimum((probabilities * bins).astype(int), bins - 1)
    filled: list[ReliabilityBin] = []
    for number in range(bins):
        inside = numbers == number
        if inside.any():
            mean, share = float(probabilities[inside].mean()), float(labels[inside].mean())
            filled.append(ReliabilityBin(number / bins, (number + 1) / bins, int(inside.sum()), mean, share))
    return filled


def expected_calibration_error(labels: Array, probabilities: Array, bins: int = BINS) -> float:
    """Return the expected calibration error (ECE).

    It is the mean distance between probability and share of fakes over the bins, weighted by their count.
    labels (N,), 1 = fake; probabilities (N,) in [0, 1]. Raises ValueError as `reliability_bins` does.
    """
    filled = reliability_bins(labels, probabilities, bins)
    return sum(b.count * abs(b.probability - b.fake_share) for b in filled) / max(len(labels), 1)


def choose_common_thresholds(
    sets: Sequence[tuple[Array, Array]], *, fakes_called_real: float, reals_called_fake: float
) -> tuple[float, float]:
    """Return (real_below, fake_above) that keep to the error shares in every set, not only on average.

    A set is (labels (N,), probabilities (N,)). Raises ValueError if a set lacks a class.
    """
    thresholds = [
        choose_thresholds(
            labels, probabilities, fakes_called_real=fakes_called_real, reals_called_fake=reals_called_fake
        )
        for labels, probabilities in sets
    ]
    return min(low for low, _ in thresholds), max(high for _, high in thresholds)


def choose_thresholds(
    labels: Array, probabilities: Array, *, fakes_called_real: float, reals_called_fake: float
) -> tuple[float, float]:
    """Return the closest (real_below, fake_above) with at most these shares of errors.

    labels (N,), 1 = fake; probabilities (N,). At most `fakes_called_real` of the fakes lie below the first
    threshold and at most `reals_called_fake` of the real faces above the second. If they would cross, both
    become their mean, which keeps to either share. Raises ValueError if a class is missing.
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
