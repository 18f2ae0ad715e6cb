"""What is measured of moderators and heatmaps, and how it is told: no figure of fewer than `FEWEST`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from laanet_core.evaluation.metrics import Interval, wilson_interval

FEWEST = 10  # cases, labels or regions: a share of fewer has an interval so wide that it says nothing


@dataclass(frozen=True)
class Proportion:
    """`hits` of `count`; the interval is of 95 % (Wilson), None of nothing."""

    hits: int
    count: int

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.hits, self.count) if self.count else None

    def to_json(self) -> dict[str, Any]:
        enough = self.count >= FEWEST
        share = round(self.hits / self.count, 4) if enough else None
        return {
            "hits": self.hits,
            "count": self.count,
            "share": share,
            "interval": _ends(self.interval) if enough else None,
        }


@dataclass(frozen=True)
class LabelAgreement:
    """Krippendorff's alpha of blind labels, since nothing was revealed before them; None where nothing could be disagreed about.

    `period`: YYYY-MM of a case's first label, or "" for all the time. `cases` have two labels or more.
    """

    period: str
    cases: int
    alpha: float | None
    interval: Interval | None

    def to_json(self) -> dict[str, Any]:
        told = self.cases >= FEWEST and self.alpha is not None
        alpha = round(self.alpha, 4) if told and self.alpha is not None else None
        return {"cases": self.cases, "alpha": alpha, "interval": _ends(self.interval) if told else None}


@dataclass(frozen=True)
class ModeratorStats:
    """Of one moderator: cases finished; blind labels that are what was decided (his own voice is part of that), and what is known of
    gold cases; changes of mind once the model's answer was shown; the median time from taking a case to the last word.
    """

    account_id: int
    name: str
    cases: int
    decided_alike: Proportion
    gold_right: Proportion
    switched: Proportion
    median_seconds: float | None

    def to_json(self) -> dict[str, Any]:
        shares = {
            "decided_alike": self.decided_alike,
            "gold_right": self.gold_right,
            "switched": self.switched,
        }
        figures = {name: share.to_json() for name, share in shares.items()}
        return {
            "name": self.name,
            "cases": self.cases,
            **figures,
            "median_seconds": _seconds(self.median_seconds, self.cases),
        }


@dataclass(frozen=True)
class HeatmapStats:
    """Of one model: painted regions in which its heatmap's peak lies (pointing game), and the mean IoU."""

    model_version: str
    model_sha256: str
    pointing: Proportion
    mean_iou: float

    def to_json(self) -> dict[str, Any]:
        iou = round(self.mean_iou, 4) if self.pointing.count >= FEWEST else None
        return {
            "version": self.model_version,
            "sha256": self.model_sha256,
            "pointing": self.pointing.to_json(),
            "mean_iou": iou,
        }


@dataclass(frozen=True)
class LabelQualityReport:
    """`cases`: finished by all, each moderator's counted. `suggestions`: of disputed cases, how probable each value is by who said what;
    they decide nothing, and of open cases there are none: whoever sees them may yet have to label such a case himself.
    """

    overall: LabelAgreement
    months: tuple[LabelAgreement, ...]
    people: tuple[ModeratorStats, ...]
    heatmaps: tuple[HeatmapStats, ...]
    cases: int
    switched: Proportion
    median_seconds: float | None
    suggestions: Mapping[str, Mapping[str, float]]

    def to_json(self) -> dict[str, Any]:
        """`suggestions` is None where too few cases have two labels to weigh people by."""
        suggested = [{"case": case, "values": dict(values)} for case, values in self.suggestions.items()]
        return {
            "fewest": FEWEST,
            "agreement": self.overall.to_json(),
            "months": [{"month": month.period, **month.to_json()} for month in self.months],
            "people": [person.to_json() for person in self.people],
            "everybody": {
                "cases": self.cases,
                "switched": self.switched.to_json(),
                "median_seconds": _seconds(self.median_seconds, self.cases),
            },
            "heatmaps": [model.to_json() for model in self.heatmaps],
            "suggestions": suggested if self.overall.cases >= FEWEST else None,
        }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(interval.low, 4), round(interval.high, 4)]


def _seconds(median: float | None, count: int) -> float | None:
    return round(median, 1) if median is not None and count >= FEWEST else None
