"""Chart of Krippendorff's alpha by month. A table beside it has the same numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.services.label_quality.report import MonthFigures
from webapp.texts.measures import MeasureTexts
from webapp.ui.templating import render

# Size and margins of the drawing, in its own units.
_WIDTH = 720
_HEIGHT = 220
_LEFT = 44
_RIGHT = 20
_TOP = 14
_BOTTOM = 30
# Distance of the first and the last point from the margins.
_INSET = 12
# Krippendorff's limits: no conclusion below the first, reliable from the second on.
_RELIABILITY_LIMITS = (0.667, 0.8)

Point = tuple[float, float]


@dataclass(frozen=True)
class ChartScale:
    """Scale of months (counted from year 0) from `first` to `last`, and of alphas from `floor` to 1."""

    first: int
    last: int
    floor: float

    def x(self, month: int) -> float:
        """Return the horizontal position of a month."""
        width = _WIDTH - _LEFT - _RIGHT - 2 * _INSET
        return _LEFT + _INSET + width * (month - self.first) / (self.last - self.first)

    def y(self, alpha: float) -> float:
        """Return the vertical position of an alpha."""
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - alpha) / (1 - self.floor)


@dataclass(frozen=True)
class ChartMark:
    """Number beside the vertical axis."""

    y: float
    label: str


@dataclass(frozen=True)
class ChartRule:
    """Horizontal line."""

    y: float
    css_class: str


@dataclass(frozen=True)
class IntervalBar:
    """Vertical line from one end of a month's interval to the other."""

    x: float
    low: float
    high: float


@dataclass(frozen=True)
class AlphaChart:
    """Everything that the template draws. Each of `lines` connects months that follow each other."""

    marks: tuple[ChartMark, ...]
    rules: tuple[ChartRule, ...]
    first_month: str
    last_month: str
    bars: tuple[IntervalBar, ...]
    lines: tuple[tuple[Point, ...], ...]
    points: tuple[Point, ...]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _WIDTH - _RIGHT


def alpha_chart(months: Sequence[MonthFigures], texts: MeasureTexts) -> str:
    """Return the chart as SVG: a line through the months that have an alpha, broken if one is missing.

    Returns "" if fewer than two months have an alpha.
    """
    months_with_alpha = [(month, month.alpha) for month in months if month.alpha is not None]
    if len(months_with_alpha) < 2:
        return ""
    return render("desk/alpha_chart.jinja", chart=_layout(months_with_alpha), label=texts.chart)


def _layout(months_with_alpha: Sequence[tuple[MonthFigures, float]]) -> AlphaChart:
    """Lay out months that have an alpha."""
    months = [month for month, _ in months_with_alpha]
    alphas = [alpha for _, alpha in months_with_alpha]
    numbers = [_month_number(month.month) for month in months]
    scale = ChartScale(first=numbers[0], last=numbers[-1], floor=_floor(months, alphas))
    points = []
    bars = []
    for month, alpha, number in zip(months, alphas, numbers, strict=True):
        x = scale.x(number)
        points.append((x, scale.y(alpha)))
        if month.interval is not None:
            low, high = month.interval
            bars.append(IntervalBar(x, scale.y(low), scale.y(high)))
    marks = []
    rules = []
    for value in sorted({scale.floor, 0.0, 1.0}):
        marks.append(ChartMark(scale.y(value), f"{value:g}".replace("-", "−")))
        rules.append(ChartRule(scale.y(value), "desk-chart-rule"))
    rules.extend(ChartRule(scale.y(limit), "desk-chart-custom") for limit in _RELIABILITY_LIMITS)
    return AlphaChart(
        marks=tuple(marks),
        rules=tuple(rules),
        first_month=months[0].month,
        last_month=months[-1].month,
        bars=tuple(bars),
        lines=_lines(numbers, points),
        points=tuple(points),
    )


def _floor(months: Sequence[MonthFigures], alphas: Sequence[float]) -> float:
    """Return the lower end of the vertical axis: 0, or less if an alpha or an interval is negative."""
    ends = [month.interval[0] for month in months if month.interval is not None]
    lowest = min([*alphas, *ends])
    # Round down to a multiple of 0.5, so that the lowest interval fits.
    return min(0.0, math.floor(lowest * 2) / 2)


def _lines(numbers: Sequence[int], points: Sequence[Point]) -> tuple[tuple[Point, ...], ...]:
    """Group the points of months that follow each other."""
    lines: list[list[Point]] = []
    for index, point in enumerate(points):
        follows_previous = index > 0 and numbers[index] == numbers[index - 1] + 1
        if follows_previous:
            lines[-1].append(point)
        else:
            lines.append([point])
    return tuple(tuple(line) for line in lines)


def _month_number(month: str) -> int:
    """Return the months since year 0 of YYYY-MM."""
    year, _, month_of_year = month.partition("-")
    return int(year) * 12 + int(month_of_year)
