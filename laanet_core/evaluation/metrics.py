"""Metrics of the fake class: pure functions of labels (1 = fake) and scores (higher = more likely fake)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Metric = Callable[[Array, Array], float]

# Resamples without both classes are repeated, up to this many attempts for each that is needed.
_ATTEMPTS_PER_SAMPLE = 100


@dataclass(frozen=True)
class Interval:
    """Ends of a confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class VerdictShares:
    """Shares of a group of faces that receive each verdict, each in [0, 1]."""

    real: float
    inconclusive: float
    fake: float


def sigmoid(logits: Array) -> npt.NDArray[np.float64]:
    """Return 1 / (1 + exp(-x)) without overflow. logits (N,); returns (N,) in [0, 1]."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(logits, np.float64))))


def verdict_shares(probabilities: Array, *, real_below: float, fake_above: float) -> VerdictShares:
    """Return the shares of probabilities (N,) below, between and above the thresholds.

    A probability equal to a threshold is inconclusive.
    """
    called_real = float((probabilities < real_below).mean())
    called_fake = float((probabilities > fake_above).mean())
    return VerdictShares(
        real=round(called_real, 4),
        inconclusive=round(1 - called_real - called_fake, 4),
        fake=round(called_fake, 4),
    )


def roc_auc(labels: Array, scores: Array) -> float:
    """Return the area under the ROC curve.

    It is the probability that a fake scores above a real one, ties counting half. labels (N,) in {0, 1},
    scores (N,). Like all metrics of this module, it raises ValueError unless both classes occur and the
    scores are finite.
    """
    labels, scores = _checked(labels, scores)
    fakes = int(labels.sum())
    reals = len(labels) - fakes
    order = np.argsort(scores, kind="stable")
    _, inverse, counts = np.unique(scores[order], return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    # Tied scores share their mean rank, counted from 1.
    ranks = (last - (counts - 1) / 2)[inverse]
    # The Mann-Whitney U statistic counts the pairs in which the fake scores above the real one.
    smallest_rank_sum = fakes * (fakes + 1) / 2
    u_statistic = ranks[labels[order] == 1].sum() - smallest_rank_sum
    return float(u_statistic / (fakes * reals))


def average_precision(labels: Array, scores: Array) -> float:
    """Return the average precision (AP): precision averaged over the steps of recall.

    Without interpolation; tied scores form one step. labels (N,) in {0, 1}, scores (N,).
    """
    labels, scores = _checked(labels, scores)
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    true_positives = np.cumsum(labels[order])
    # Index of the last score of every run of ties.
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    precision = true_positives[ends] / (ends + 1)
    recall_steps = np.diff(np.concatenate([[0], true_positives[ends]])) / labels.sum()
    return float((precision * recall_steps).sum())


def macro_recall(labels: Array, probabilities: Array) -> float:
    """Return AR: the mean of the recalls of real and fake at a threshold of 0.5.

    A probability of 0.5 counts as fake. labels (N,) in {0, 1}, probabilities (N,) in [0, 1].
    """
    labels, probabilities = _checked(labels, probabilities)
    called_fake = probabilities >= 0.5
    fake_recall = called_fake[labels == 1].mean()
    real_recall = (~called_fake[labels == 0]).mean()
    return float((fake_recall + real_recall) / 2)


def mf1(labels: Array, probabilities: Array) -> float:
    """Return mF1: the harmonic mean of AP and AR, as the paper reports it.

    labels (N,) in {0, 1}, probabilities (N,) in [0, 1].
    """
    precision = average_precision(labels, probabilities)
    recall = macro_recall(labels, probabilities)
    return 2 * precision * recall / (precision + recall)


def brier_score(labels: Array, probabilities: Array) -> float:
    """Return the mean squared difference between probability and label.

    labels (N,) in {0, 1}, probabilities (N,) in [0, 1].
    """
    labels, probabilities = _checked(labels, probabilities)
    return float(np.mean((probabilities - labels) ** 2))


def bootstrap_interval(
    metric: Metric,
    labels: Array,
    scores: Array,
    *,
    groups: Sequence[Any] | Array | None = None,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return a metric's percentile interval over bootstrap resamples of the items.

    labels and scores (N,). With `groups` (N,), whole groups (persons, videos) are resampled. Resamples
    without both classes are repeated. Raises ValueError if too few resamples hold both classes.
    """
    labels, scores = _checked(labels, scores)
    if not 0 < level < 1 or samples < 1:
        raise ValueError(f"level must lie in (0, 1) and samples be positive, not {level} and {samples}")
    members = _members(len(labels), groups)
    rng = np.random.default_rng(seed)
    values: list[float] = []
    for _ in range(_ATTEMPTS_PER_SAMPLE * samples):
        drawn_groups = rng.integers(len(members), size=len(members))
        indices = np.concatenate([members[group] for group in drawn_groups])
        resampled = labels[indices]
        has_both_classes = 0 < resampled.sum() < len(resampled)
        if has_both_classes:
            values.append(metric(resampled, scores[indices]))
        if len(values) == samples:
            break
    if len(values) < samples:
        raise ValueError("too few resamples hold both classes for an interval")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def wilson_interval(successes: int, count: int, *, level: float = 0.95) -> Interval:
    """Return the interval of the share `successes` / `count` (Wilson 1927, without continuity correction).

    Raises ValueError unless 0 <= successes <= count, count > 0 and level lies in (0, 1).
    """
    is_share = count > 0 and 0 <= successes <= count
    if not is_share or not 0 < level < 1:
        raise ValueError(f"{successes} of {count} at level {level} is no share with an interval")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / count
    extra = z * z / count
    middle = (share + extra / 2) / (1 + extra)
    half = z / (1 + extra) * math.sqrt(share * (1 - share) / count + extra / (4 * count))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def paired_bootstrap(
    metric: Metric,
    labels: Array,
    before: Array,
    after: Array,
    *,
    groups: Sequence[Any] | Array | None = None,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the percentile interval of metric(labels, after) - metric(labels, before) over common resamples.

    labels, before and after (N,); `groups` as in `bootstrap_interval`. The difficulty of an item cancels out,
    so the interval is narrower than two separate ones. Raises ValueError as `bootstrap_interval` does.
    """
    labels, before = _checked(labels, before)
    _, after = _checked(labels, after)

    # The items' positions stand for the scores, so that one resample picks both scores of an item.
    def difference(resampled: Array, positions: Array) -> float:
        indices = positions.astype(np.intp)
        return metric(resampled, after[indices]) - metric(resampled, before[indices])

    all_positions = np.arange(len(labels))
    return bootstrap_interval(
        difference, labels, all_positions, groups=groups, samples=samples, level=level, seed=seed
    )


def _members(count: int, groups: Sequence[Any] | Array | None) -> list[npt.NDArray[np.intp]]:
    """Return the indices of each group's items (M,); without groups (N,), each item is its own group."""
    if groups is None:
        return list(np.arange(count)[:, None])
    if len(groups) != count:
        raise ValueError(f"{len(groups)} groups for {count} items")
    _, inverse = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    first_of_next_group = np.flatnonzero(np.diff(inverse[order])) + 1
    return np.split(order, first_of_next_group)


def _checked(labels: Array, scores: Array) -> tuple[Array, Array]:
    """Return labels as int64 and scores as float64. Raises ValueError if a metric cannot use them."""
    labels = np.asarray(labels)
    scores = np.asarray(scores, np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(
            "labels and scores must be one-dimensional and of one length, "
            f"not {labels.shape} and {scores.shape}"
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("labels must be 0 (real) or 1 (fake)")
    if not np.isfinite(scores).all():
        raise ValueError(f"{int((~np.isfinite(scores)).sum())} scores are not finite")
    if np.unique(labels).size < 2:
        raise ValueError("both classes are needed")
    return labels.astype(np.int64), scores
