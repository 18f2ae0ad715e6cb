"""Whether moderators agree more than chance would have them: Krippendorff's alpha for nominal values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import numpy.typing as npt

from laanet_core.evaluation.metrics import Interval

_SAMPLES = 2000
_AT_ONCE = 100  # samples: of many cases all of them would fill the memory
Counts = npt.NDArray[np.float64]


def counts(labels: Iterable[tuple[Hashable, Hashable]]) -> Counts:
    """From (case, value) pairs, one for every label, how often each value was given in each case (cases, values)."""
    given = list(labels)
    cases = {case: place for place, case in enumerate(dict.fromkeys(case for case, _ in given))}
    values = {value: place for place, value in enumerate(dict.fromkeys(value for _, value in given))}
    table = np.zeros((len(cases), len(values)))
    for case, value in given:
        table[cases[case], values[value]] += 1
    return table


def alpha(table: Counts) -> float | None:
    """1 - observed / expected disagreement over pairs of labels of one case (Krippendorff 2011, nominal); missing labels are allowed.

    1 is perfect agreement, 0 what chance gives, below 0 worse. None where no case has two labels, or all labels say the same: then there
    is nothing that could be disagreed about.
    """
    observed, totals = _disagreement(table)
    value = _alpha(observed.sum(keepdims=True), totals.sum(axis=0, keepdims=True))[0]
    return float(value) if np.isfinite(value) else None


def krippendorff_interval(table: Counts, *, level: float = 0.95, seed: int = 0) -> Interval | None:
    """Percentile interval over resamples of the cases; None where `alpha` is None, or only one case has two labels."""
    observed, totals = _disagreement(table)
    if alpha(table) is None or len(observed) < 2:
        return None
    rng = np.random.default_rng(seed)
    values = np.concatenate([_resampled(observed, totals, rng) for _ in range(0, _SAMPLES, _AT_ONCE)])
    low, high = np.quantile(values[np.isfinite(values)], [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _resampled(observed: Counts, totals: Counts, rng: np.random.Generator) -> Counts:
    times = rng.multinomial(len(observed), np.full(len(observed), 1 / len(observed)), size=_AT_ONCE).astype(
        np.float64
    )
    return _alpha(times @ observed, times @ totals)


def _disagreement(table: Counts) -> tuple[Counts, Counts]:
    """Of every case with two labels or more: its disagreeing pairs over (labels - 1), and how often each value was given."""
    table = table[table.sum(axis=1) >= 2]
    labels = table.sum(axis=1)
    return (labels**2 - (table**2).sum(axis=1)) / (labels - 1), table


def _alpha(observed: Counts, totals: Counts) -> Counts:
    """From disagreeing pairs (samples,) and values' totals (samples, values)."""
    every = totals.sum(axis=1)
    expected = every**2 - (totals**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - (every - 1) * observed / expected)
