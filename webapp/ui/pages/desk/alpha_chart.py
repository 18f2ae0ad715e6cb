"""Agreement by month as a drawing; a table beside it says the same in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from webapp.texts.measures import MeasureTexts

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _BOTTOM, _TOP = (
    720.0,
    220.0,
    44.0,
    20.0,
    30.0,
    14.0,
)  # of the drawing, in its own units
_INSET = 12.0  # of the first and last point
_CUSTOM = (0.667, 0.8)  # Krippendorff: below the first no conclusion, from the second on reliable

Point = tuple[float, float]


@dataclass(frozen=True)
class _Scale:
    """Months (counted from year 0) `first` to `last`, and alphas `floor` to 1."""

    first: int
    last: int
    floor: float

    def x(self, month: int) -> float:
        return (
            _LEFT
            + _INSET
            + (_WIDTH - _LEFT - _RIGHT - 2 * _INSET) * (month - self.first) / (self.last - self.first)
        )

    def y(self, alpha: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - alpha) / (1 - self.floor)


def chart(months: Sequence[Mapping[str, Any]], texts: MeasureTexts) -> str:
    """A line through the months of which alpha is told, with intervals, broken where one is missing; "" for fewer than two."""
    told = [month for month in months if month["alpha"] is not None]
    if len(told) < 2:
        return ""
    lowest = min(min(month["alpha"], *(month["interval"] or (1.0,))) for month in told)
    places = [_number(month["month"]) for month in told]
    scale = _Scale(places[0], places[-1], min(0.0, math.floor(lowest * 2) / 2))
    points = [(scale.x(place), scale.y(month["alpha"])) for place, month in zip(places, told, strict=True)]
    ends = "".join(
        f"<text x='{x:g}' y='{_HEIGHT - 6:g}' text-anchor='{anchor}'>{escape(month['month'])}</text>"
        for x, anchor, month in ((_LEFT, "start", told[0]), (_WIDTH - _RIGHT, "end", told[-1]))
    )
    drawn = f"{_bars(told, points, scale)}{_line(places, points)}"
    return (
        f"<svg class='desk-chart' viewBox='0 0 {_WIDTH:g} {_HEIGHT:g}' role='img' aria-label='{escape(texts.chart)}'>"
        f"{_ground(scale)}{ends}<g class='desk-chart-line'>{drawn}</g></svg>"
    )


def _ground(scale: _Scale) -> str:
    marks = sorted({scale.floor, 0.0, 1.0})
    numbers = "".join(
        f"<text x='{_LEFT - 8:g}' y='{scale.y(value) + 5:.1f}' text-anchor='end'>{f'{value:g}'.replace('-', '−')}</text>"
        for value in marks
    )
    rules = [("desk-chart-rule", value) for value in marks] + [
        ("desk-chart-custom", value) for value in _CUSTOM
    ]
    return numbers + "".join(
        f"<line class='{name}' x1='{_LEFT:g}' x2='{_WIDTH - _RIGHT:g}' y1='{scale.y(value):.1f}' y2='{scale.y(value):.1f}'/>"
        for name, value in rules
    )


def _bars(told: Sequence[Mapping[str, Any]], points: Sequence[Point], scale: _Scale) -> str:
    return "".join(
        f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{scale.y(month['interval'][0]):.1f}' y2='{scale.y(month['interval'][1]):.1f}'/>"
        for (x, _), month in zip(points, told, strict=True)
        if month["interval"] is not None
    )


def _line(places: Sequence[int], points: Sequence[Point]) -> str:
    """Through months that follow each other."""
    runs: list[list[Point]] = []
    for number, point in enumerate(points):
        if number and places[number] == places[number - 1] + 1:
            runs[-1].append(point)
        else:
            runs.append([point])
    lines = "".join(f"<polyline points='{' '.join(f'{x:.1f},{y:.1f}' for x, y in run)}'/>" for run in runs)
    return lines + "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4'/>" for x, y in points)


def _number(month: str) -> int:
    year, _, of_year = month.partition("-")
    return int(year) * 12 + int(of_year)
