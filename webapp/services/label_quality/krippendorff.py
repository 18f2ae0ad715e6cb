"""Krippendorff's alpha for nominal values: agreement of moderators beyond chance."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import numpy.typing as npt

from laanet_core.evaluation.metrics import Interval

_RESAMPLES = 2000
# Resamples computed together. All of them would not fit into memory if there are many cases.
_BATCH = 100
Counts = npt.NDArray[np.float64]


def count_table(labels: Iterable[tuple[Hashable, Hashable]]) -> Counts:
    """Return the number of labels (cases, values) from one (case, value) pair per label."""
    pairs = list(labels)
    row_of_case: dict[Hashable, int] = {}
    column_of_value: dict[Hashable, int] = {}
    for case, value in pairs:
        row_of_case.setdefault(case, len(row_of_case))
        column_of_value.setdefault(value, len(column_of_value))
    table = np.zeros((len(row_of_case), len(column_of_value)))
    for case, value in pairs:
        table[row_of_case[case], column_of_value[value]] += 1
    return table


def krippendorff_alpha(table: Counts) -> float | None:
    """Return 1 - observed / expected disagreement of label pairs, for a table (cases, values) of counts.

    1 is perfect agreement, 0 is chance, less is worse than chance. Cases may have any number of labels. None
    if no case has two labels or all labels are equal. Source: Krippendorff, "Computing Krippendorff's
    Alpha-Reliability" (2011).
    """
    observed, totals = _disagreement(table)
    value = _alpha(observed.sum(keepdims=True), totals.sum(axis=0, keepdims=True))[0]
    return float(value) if np.isfinite(value) else None


def krippendorff_interval(table: Counts, *, level: float = 0.95, seed: int = 0) -> Interval | None:
    """Return the percentile interval of alpha over resamples of the cases of a table (cases, values).

    None if alpha is None or only one case has two labels.
    """
    observed, totals = _disagreement(table)
    if krippendorff_alpha(table) is None or len(observed) < 2:
        return None
    rng = np.random.default_rng(seed)
    batches = [_resampled_alphas(observed, totals, rng) for _ in range(0, _RESAMPLES, _BATCH)]
    values = np.concatenate(batches)
    low, high = np.quantile(values[np.isfinite(values)], [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _resampled_alphas(observed: Counts, totals: Counts, rng: np.random.Generator) -> Counts:
    """Return the alphas (_BATCH,) of resamples with replacement, from the results of `_disagreement`."""
    cases = len(observed)
    weights = rng.multinomial(cases, np.full(cases, 1 / cases), size=_BATCH).astype(np.float64)
    return _alpha(weights @ observed, weights @ totals)


def _disagreement(table: Counts) -> tuple[Counts, Counts]:
    """Return disagreements (cases,) and counts (cases, values) of the cases with two labels or more.

    A disagreement is the number of disagreeing pairs over (labels - 1).
    """
    table = table[table.sum(axis=1) >= 2]
    labels = table.sum(axis=1)
    return (labels**2 - (table**2).sum(axis=1)) / (labels - 1), table


def _alpha(observed: Counts, totals: Counts) -> Counts:
    """Return alpha (samples,) from disagreeing pairs (samples,) and totals of values (samples, values)."""
    labels = totals.sum(axis=1)
    expected = labels**2 - (totals**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - (labels - 1) * observed / expected)
