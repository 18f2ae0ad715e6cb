"""Figures of merit on the fake class: pure functions of labels (1 = fake) and scores (higher = more likely fake)."""

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


@dataclass(frozen=True)
class Interval:
    """The ends of a confidence interval."""

    low: float
    high: float


def roc_auc(labels: Array, scores: Array) -> float:
    """Area under the ROC curve: the chance that a fake scores above a real one, ties counting half."""
    labels, scores = _checked(labels, scores)
    fakes = int(labels.sum())
    reals = len(labels) - fakes
    order = np.argsort(scores, kind="stable")
    _, inverse, counts = np.unique(scores[order], return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]  # tied scores share their mean rank, counted from 1
    return float((ranks[labels[order] == 1].sum() - fakes * (fakes + 1) / 2) / (fakes * reals))


def average_precision(labels: Array, scores: Array) -> float:
    """AP: precision averaged over the steps of recall, without interpolation; tied scores are taken together."""
    labels, scores = _checked(labels, scores)
    order = np.argsort(-scores, kind="stable")
    ranked, found = scores[order], np.cumsum(labels[order])
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # the last place of every run of ties
    precision = found[ends] / (ends + 1)
    recall_steps = np.diff(np.concatenate([[0], found[ends]])) / labels.sum()
    return float((precision * recall_steps).sum())


def macro_recall(labels: Array, probabilities: Array) -> float:
    """AR: the mean of the recalls of real and fake at probability 0.5; 0.5 itself counts as fake."""
    labels, probabilities = _checked(labels, probabilities)
    called_fake = probabilities >= 0.5
    return float((called_fake[labels == 1].mean() + (~called_fake[labels == 0]).mean()) / 2)


def mf1(labels: Array, probabilities: Array) -> float:
    """mF1: the harmonic mean of AP and AR, as the paper reports it."""
    precision, recall = average_precision(labels, probabilities), macro_recall(labels, probabilities)
    return 2 * precision * recall / (precision + recall)


def brier_score(labels: Array, probabilities: Array) -> float:
    """Mean squared distance between probability and label."""
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
    """Percentile interval of a metric over resamples of the items, or of whole groups (persons, videos) where given.

    Resamples that lack a class are drawn anew. Raises ValueError when no resample could hold both classes.
    """
    labels, scores = _checked(labels, scores)
    if not 0 < level < 1 or samples < 1:
        raise ValueError(f"level must lie in (0, 1) and samples be positive, not {level} and {samples}")
    members = _members(len(labels), groups)
    rng = np.random.default_rng(seed)
    values: list[float] = []
    for _ in range(100 * samples):
        chosen = np.concatenate([members[index] for index in rng.integers(len(members), size=len(members))])
        drawn = labels[chosen]
        if 0 < drawn.sum() < len(drawn):
            values.append(metric(drawn, scores[chosen]))
        if len(values) == samples:
            break
    if len(values) < samples:
        raise ValueError("too few groups hold both classes for an interval")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def wilson_interval(successes: int, count: int, *, level: float = 0.95) -> Interval:
    """Of a share that was seen `successes` times in `count` (Wilson 1927, without continuity correction). Raises ValueError."""
    if not 0 <= successes <= count or not count or not 0 < level < 1:
        raise ValueError(f"{successes} of {count} at level {level} is no share with an interval")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, extra = successes / count, z * z / count
    middle, half = (
        (share + extra / 2) / (1 + extra),
        z / (1 + extra) * math.sqrt(share * (1 - share) / count + extra / (4 * count)),
    )
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
    """Percentile interval of metric(labels, after) - metric(labels, before), both of the same resamples of items, or of whole groups.

    What makes an item hard for both cancels out, so that this is narrower than two intervals apart. Raises ValueError as
    `bootstrap_interval` does.
    """
    labels, before = _checked(labels, before)
    _, after = _checked(labels, after)

    def difference(drawn: Array, places: Array) -> float:
        chosen = places.astype(np.intp)
        return metric(drawn, after[chosen]) - metric(drawn, before[chosen])

    return bootstrap_interval(
        difference, labels, np.arange(len(labels)), groups=groups, samples=samples, level=level, seed=seed
    )


def _members(count: int, groups: Sequence[Any] | Array | None) -> list[npt.NDArray[np.intp]]:
    if groups is None:
        return list(np.arange(count)[:, None])
    if len(groups) != count:
        raise ValueError(f"{len(groups)} groups for {count} items")
    _, inverse = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(inverse[order])) + 1)


def _checked(labels: Array, scores: Array) -> tuple[Array, Array]:
    labels, scores = np.asarray(labels), np.asarray(scores, np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(
            f"labels and scores must be one-dimensional and of one length, not {labels.shape} and {scores.shape}"
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("labels must be 0 (real) or 1 (fake)")
    if not np.isfinite(scores).all():
        raise ValueError(f"{int((~np.isfinite(scores)).sum())} scores are not finite")
    if np.unique(labels).size < 2:
        raise ValueError("both classes are needed")
    return labels.astype(np.int64), scores
