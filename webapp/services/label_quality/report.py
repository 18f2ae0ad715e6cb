"""Report on label quality: statistics of moderators and heatmaps, and the figures published from them.

A figure with fewer than MIN_OBSERVATIONS observations is withheld: it is None in the published models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from laanet_core.evaluation.metrics import Interval, wilson_interval

# Cases, labels or regions that a published figure needs. With fewer, its interval is too wide.
MIN_OBSERVATIONS = 10

Bounds = tuple[float, float]


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProportionFigures(_Figures):
    """Share of hits with its 95 % interval (Wilson)."""

    hits: int
    count: int
    share: float | None
    interval: Bounds | None


class AgreementFigures(_Figures):
    """Krippendorff's alpha with its 95 % interval; `cases` have two labels or more."""

    cases: int
    alpha: float | None
    interval: Bounds | None


class MonthFigures(_Figures):
    """AgreementFigures of one month, YYYY-MM."""

    month: str
    cases: int
    alpha: float | None
    interval: Bounds | None


class ModeratorFigures(_Figures):
    """Published ModeratorStats, by name."""

    name: str
    cases: int
    decided_alike: ProportionFigures
    gold_right: ProportionFigures
    switched: ProportionFigures
    median_seconds: float | None


class OverallFigures(_Figures):
    """Figures of all moderators together."""

    cases: int
    switched: ProportionFigures
    median_seconds: float | None


class HeatmapFigures(_Figures):
    """Published HeatmapStats."""

    version: str
    sha256: str
    pointing: ProportionFigures
    mean_iou: float | None


class Suggestion(_Figures):
    """Probability of each value of a disputed case, by its public id."""

    case: str
    values: dict[str, float]


class LabelQualityFigures(_Figures):
    """All published figures.

    `fewest` is the number of observations that a figure needs. `suggestions` is None if fewer cases have two
    labels or more, so that moderators cannot be weighed.
    """

    fewest: int
    agreement: AgreementFigures
    months: list[MonthFigures]
    people: list[ModeratorFigures]
    everybody: OverallFigures
    heatmaps: list[HeatmapFigures]
    suggestions: list[Suggestion] | None


@dataclass(frozen=True)
class Proportion:
    """`hits` of `count` observations."""

    hits: int
    count: int

    @property
    def interval(self) -> Interval | None:
        """Return the 95 % interval (Wilson), None without observations."""
        return wilson_interval(self.hits, self.count) if self.count else None

    def figures(self) -> ProportionFigures:
        """Return the published figures."""
        is_enough = self.count >= MIN_OBSERVATIONS
        return ProportionFigures(
            hits=self.hits,
            count=self.count,
            share=round(self.hits / self.count, 4) if is_enough else None,
            interval=_bounds(self.interval) if is_enough else None,
        )


@dataclass(frozen=True)
class LabelAgreement:
    """Krippendorff's alpha of blind labels, which are given before anything is revealed.

    `period` is the month YYYY-MM of a case's first label, or "" for all time. `cases` have two labels or
    more. `alpha` is None if no disagreement was possible.
    """

    period: str
    cases: int
    alpha: float | None
    interval: Interval | None

    def figures(self) -> AgreementFigures:
        if self.cases < MIN_OBSERVATIONS or self.alpha is None:
            return AgreementFigures(cases=self.cases, alpha=None, interval=None)
        return AgreementFigures(cases=self.cases, alpha=round(self.alpha, 4), interval=_bounds(self.interval))


@dataclass(frozen=True)
class ModeratorStats:
    """Statistics of one moderator.

    `cases`: finished ones. `decided_alike`: blind labels equal to the decision, which counts their own vote
    too. `gold_right`: blind labels equal to the known answer. `switched`: final labels that differ from the
    blind one. `median_seconds`: from taking a case to its final label.
    """

    account_id: int
    name: str
    cases: int
    decided_alike: Proportion
    gold_right: Proportion
    switched: Proportion
    median_seconds: float | None

    def figures(self) -> ModeratorFigures:
        return ModeratorFigures(
            name=self.name,
            cases=self.cases,
            decided_alike=self.decided_alike.figures(),
            gold_right=self.gold_right.figures(),
            switched=self.switched.figures(),
            median_seconds=_published_seconds(self.median_seconds, self.cases),
        )


@dataclass(frozen=True)
class HeatmapStats:
    """Statistics of one model: regions that hold its heatmap's peak (pointing game), and mean IoU."""

    model_version: str
    model_sha256: str
    pointing: Proportion
    mean_iou: float

    def figures(self) -> HeatmapFigures:
        """Return the published figures."""
        is_enough = self.pointing.count >= MIN_OBSERVATIONS
        return HeatmapFigures(
            version=self.model_version,
            sha256=self.model_sha256,
            pointing=self.pointing.figures(),
            mean_iou=round(self.mean_iou, 4) if is_enough else None,
        )


@dataclass(frozen=True)
class LabelQualityReport:
    """Statistics of all moderators and models.

    `cases`: number of final labels of all moderators. `suggestions`: by the public id of each disputed case,
    the probability of each value, estimated from the labels and their authors. They decide nothing. Open
    cases have none, since an admin who reads the report may still have to label them blind.
    """

    agreement: LabelAgreement
    months: tuple[LabelAgreement, ...]
    people: tuple[ModeratorStats, ...]
    heatmaps: tuple[HeatmapStats, ...]
    cases: int
    switched: Proportion
    median_seconds: float | None
    suggestions: Mapping[str, Mapping[str, float]]

    def figures(self) -> LabelQualityFigures:
        """Return the figures that may be shown."""
        suggestions = [
            Suggestion(case=case, values=dict(values)) for case, values in self.suggestions.items()
        ]
        return LabelQualityFigures(
            fewest=MIN_OBSERVATIONS,
            agreement=self.agreement.figures(),
            months=[_month_figures(month) for month in self.months],
            people=[person.figures() for person in self.people],
            everybody=OverallFigures(
                cases=self.cases,
                switched=self.switched.figures(),
                median_seconds=_published_seconds(self.median_seconds, self.cases),
            ),
            heatmaps=[model.figures() for model in self.heatmaps],
            suggestions=suggestions if self.agreement.cases >= MIN_OBSERVATIONS else None,
        )


def _month_figures(agreement: LabelAgreement) -> MonthFigures:
    figures = agreement.figures()
    return MonthFigures(
        month=agreement.period, cases=figures.cases, alpha=figures.alpha, interval=figures.interval
    )


def _bounds(interval: Interval | None) -> Bounds | None:
    return None if interval is None else (round(interval.low, 4), round(interval.high, 4))


def _published_seconds(median: float | None, count: int) -> float | None:
    """Return the median in tenths of a second, None if it rests on too few observations."""
    if median is None or count < MIN_OBSERVATIONS:
        return None
    return round(median, 1)
