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

# Smallest and largest temperature that calibration may choose.
TEMPERATURE_RANGE = (0.05, 20.0)

# Bins of equal width of the reliability diagram.
BINS = 15

# Fewest real faces of a pack whose share of false alarms is limited by itself.
SMALLEST_PACK = 40

# Iterations of the golden-section search; the bracket shrinks to 1e-20 of its width.
_ITERATIONS = 100

# Thresholds are stored with four decimals, rounded outwards.
_THRESHOLD_STEPS = 1e4


@dataclass(frozen=True)
class ErrorLimits:
    """Largest shares, in each set, of real faces called fake (and in each pack) and of fakes called real."""

    real_called_fake: float = 0.05
    fake_called_real: float = 0.10


@dataclass(frozen=True)
class Calibration:
    """Decision values and calibration errors from `faces` predictions.

    The ECE is given before and after temperature scaling. `verdicts` maps a set's name to the shares of its
    real and of its fake faces. `held_out` does so with decision values from all other sets, so it estimates
    the shares of a set that the calibration has not seen; empty for a single set.
    """

    faces: int
    decision: DecisionConfig
    uncalibrated_ece: float
    calibrated_ece: float
    verdicts: Mapping[str, tuple[VerdictShares, VerdictShares]]
    held_out: Mapping[str, tuple[VerdictShares, VerdictShares]]

    def to_json(self) -> dict[str, Any]:
        return {
            "faces": self.faces,
            "decision": self.decision.to_dict(),
            "ece": {
                "uncalibrated": round(self.uncalibrated_ece, 4),
                "calibrated": round(self.calibrated_ece, 4),
            },
            "verdicts": _shares_json(self.verdicts),
            "held_out": _shares_json(self.held_out),
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

    The temperature fits all sets together; the thresholds keep to `limits` in each set, and for false alarms
    also in each pack of at least SMALLEST_PACK real faces of a set. `decision` provides the values that
    calibration leaves as they are. Raises InvalidDataset if a set lacks real or fake faces.
    """
    limits = limits or ErrorLimits()
    if not sets:
        raise InvalidDataset("there is no set of faces to calibrate on")
    labels: dict[str, Array] = {}
    logits: dict[str, Array] = {}
    for name, faces in sets.items():
        labels[name] = np.array([face.label for face in faces])
        logits[name] = np.array([face.fake_logit for face in faces])
        if set(labels[name].tolist()) != {0, 1}:
            raise InvalidDataset(f"the set {name} needs both real and fake faces for a calibration")
    all_labels = np.concatenate(list(labels.values()))
    all_logits = np.concatenate(list(logits.values()))

    packs = _real_logits_by_pack(sets)
    calibrated = _fit_decision(labels, logits, packs, decision, limits)
    held_out: dict[str, tuple[VerdictShares, VerdictShares]] = {}
    for name in sets if len(sets) > 1 else ():
        others = [other for other in sets if other != name]
        without = _fit_decision(
            {other: labels[other] for other in others},
            {other: logits[other] for other in others},
            _real_logits_by_pack({other: sets[other] for other in others}),
            decision,
            limits,
        )
        held_out[name] = _shares(labels[name], logits[name], without)
    return Calibration(
        faces=len(all_labels),
        decision=calibrated,
        uncalibrated_ece=expected_calibration_error(all_labels, sigmoid(all_logits)),
        calibrated_ece=expected_calibration_error(all_labels, sigmoid(all_logits / calibrated.temperature)),
        verdicts={name: _shares(labels[name], logits[name], calibrated) for name in sets},
        held_out=held_out,
    )


def _real_logits_by_pack(sets: Mapping[str, Sequence[Prediction]]) -> list[Array]:
    """Return the logits of the real faces of every set and pack that has enough of them."""
    logits: dict[tuple[str, str], list[float]] = {}
    for name, faces in sets.items():
        for face in faces:
            if face.label == 0:
                logits.setdefault((name, face.pack), []).append(face.fake_logit)
    return [np.array(values) for values in logits.values() if len(values) >= SMALLEST_PACK]


def _fit_decision(
    labels: Mapping[str, Array],
    logits: Mapping[str, Array],
    packs: Sequence[Array],
    decision: DecisionConfig,
    limits: ErrorLimits,
) -> DecisionConfig:
    """Return decision values fitted to sets, labels and logits (N,) by name, and to real logits by pack."""
    all_logits, all_labels = (np.concatenate(list(values.values())) for values in (logits, labels))
    temperature = round(fit_temperature(all_logits, all_labels), 4)
    real_below, fake_above = choose_common_thresholds(
        [(labels[name], sigmoid(logits[name] / temperature)) for name in labels],
        fakes_called_real=limits.fake_called_real,
        reals_called_fake=limits.real_called_fake,
    )
    for reals in packs:
        fake_above = max(fake_above, _exceeded_by(sigmoid(reals / temperature), limits.real_called_fake))
    return dataclasses.replace(
        decision,
        temperature=temperature,
        real_below=math.floor(real_below * _THRESHOLD_STEPS) / _THRESHOLD_STEPS,
        fake_above=math.ceil(fake_above * _THRESHOLD_STEPS) / _THRESHOLD_STEPS,
        calibrated=True,
    )


def _shares(labels: Array, logits: Array, decision: DecisionConfig) -> tuple[VerdictShares, VerdictShares]:
    return verdict_shares_by_class(labels, sigmoid(logits / decision.temperature), decision)


def _shares_json(shares: Mapping[str, tuple[VerdictShares, VerdictShares]]) -> dict[str, Any]:
    return {
        name: {"of_real": dataclasses.asdict(real), "of_fake": dataclasses.asdict(fake)}
        for name, (real, fake) in shares.items()
    }


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
    logits = np.asarray(logits, np.float64)
    labels = np.asarray(labels, np.float64)
    if logits.shape != labels.shape or logits.ndim != 1 or not len(logits):
        raise ValueError(
            "logits and labels must be one-dimensional and of one length, "
            f"not {logits.shape} and {labels.shape}"
        )
    if not np.isfinite(logits).all():
        raise ValueError("logits must be finite")

    def mean_negative_log_likelihood(inverse_temperature: float) -> float:
        scaled = logits * inverse_temperature
        return float(np.mean(np.logaddexp(0, scaled) - labels * scaled))

    # The bracket of 1/T.
    low = 1 / TEMPERATURE_RANGE[1]
    high = 1 / TEMPERATURE_RANGE[0]
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(_ITERATIONS):
        left = high - ratio * (high - low)
        right = low + ratio * (high - low)
        if mean_negative_log_likelihood(left) < mean_negative_log_likelihood(right):
            high = right
        else:
            low = left
    return float(2 / (low + high))


def reliability_bins(labels: Array, probabilities: Array, bins: int = BINS) -> list[ReliabilityBin]:
    """Return the non-empty bins of equal width over [0, 1].

    labels (N,), 1 = fake; probabilities (N,) in [0, 1]. Raises ValueError for other shapes or ranges.
    """
    labels = np.asarray(labels)
    probabilities = np.asarray(probabilities, np.float64)
    are_in_range = bool(((probabilities >= 0) & (probabilities <= 1)).all())
    if labels.shape != probabilities.shape or not are_in_range:
        raise ValueError("probabilities must lie in [0, 1], one per label")
    # Number of each face's bin (N,); a probability of 1 belongs to the last bin.
    bin_numbers = np.minimum((probabilities * bins).astype(int), bins - 1)
    non_empty: list[ReliabilityBin] = []
    for number in range(bins):
        is_inside = bin_numbers == number
        if is_inside.any():
            non_empty.append(
                ReliabilityBin(
                    low=number / bins,
                    high=(number + 1) / bins,
                    count=int(is_inside.sum()),
                    probability=float(probabilities[is_inside].mean()),
                    fake_share=float(labels[is_inside].mean()),
                )
            )
    return non_empty


def expected_calibration_error(labels: Array, probabilities: Array, bins: int = BINS) -> float:
    """Return the expected calibration error (ECE).

    It is the mean distance between probability and share of fakes over the bins, weighted by their count.
    labels (N,), 1 = fake; probabilities (N,) in [0, 1]. Raises ValueError as `reliability_bins` does.
    """
    non_empty = reliability_bins(labels, probabilities, bins)
    weighted = sum(face_bin.count * abs(face_bin.probability - face_bin.fake_share) for face_bin in non_empty)
    return weighted / max(len(labels), 1)


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
    labels = np.asarray(labels)
    probabilities = np.asarray(probabilities, np.float64)
    reals = np.sort(probabilities[labels == 0])
    fakes = np.sort(probabilities[labels == 1])
    if not len(reals) or not len(fakes):
        raise ValueError("both classes are needed")
    # Fakes that may lie below the first threshold.
    allowed_fakes = int(fakes_called_real * len(fakes))
    real_below = float(fakes[min(allowed_fakes, len(fakes) - 1)])
    fake_above = _exceeded_by(reals, reals_called_fake)
    if real_below > fake_above:
        real_below = fake_above = (real_below + fake_above) / 2
    return real_below, fake_above


def _exceeded_by(values: Array, share: float) -> float:
    """Return the lowest of the values (N,) that at most this share of them exceeds."""
    allowed = int(share * len(values))
    return float(np.sort(values)[max(len(values) - 1 - allowed, 0)])
