"""Growth of a process's memory over the files that it has read, as a slope with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import theilslopes

# Probability that the interval contains the slope.
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Growth:
    """Kilobytes per file: the estimate, and the ends of its 95 % interval."""

    low: float
    estimate: float
    high: float


def growth_per_file(files: Sequence[int], megabytes: Sequence[float]) -> Growth:
    """Return the slope of a process's memory in MB over the number of files that it has read, ascending.

    It is the median of the slopes between all pairs of points (Theil and Sen), so that a few high or low
    points neither hide growth nor pretend it. Raises ValueError for fewer than three points.
    """
    if len(files) < 3:
        raise ValueError("a slope with an interval needs three points")
    slope, _, low, high = (1000 * float(value) for value in theilslopes(megabytes, files, _CONFIDENCE))
    return Growth(low, slope, high)
