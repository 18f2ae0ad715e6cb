"""The chart of a clip: every person's fake probability over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.colors import Color, HexColor, white
from reportlab.platypus import Flowable

from webapp.services.reports.text import INK, MUTED, RULE, SANS, draw_text, text_width

_HEIGHT, _LEFT, _BELOW = 150.0, 30.0, 26.0  # points; what the axes' words need
_ROW = 13.0  # height of a line of the legend
_INKS = [HexColor(code) for code in ("#0a63a8", "#c2410c", "#0b7a5e", "#8b3d8f", "#7a5c00", "#4a4f57")]
_SHAPES = 4  # circle, square, diamond, triangle: a person is known without colours too


@dataclass(frozen=True)
class Line:
    """One person's probabilities: (time in seconds, fake probability), in order of time."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Zone:
    """The fake probabilities, `low` to `high`, that get one verdict, named in words."""

    name: str
    colour: Color
    low: float
    high: float


class Chart(Flowable):
    """Lines over a background that shows which verdict lies where."""

    def __init__(self, lines: Sequence[Line], zones: Sequence[Zone], width: float, *, axis: str) -> None:
        super().__init__()
        self._lines = lines
        self._zones = zones
        self._axis = axis
        self.width = width
        self._right = width - 6 - max(text_width(zone.name, SANS, 7) for zone in zones)
        self._legend = _legend_rows([line.name for line in lines], self._right - _LEFT)
        self._top = _BELOW + _HEIGHT
        self.height = self._top + 6 + _ROW * len(self._legend)
        self._last = max((time for line in lines for time, _ in line.points), default=0) or 1.0

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: N803 - reportlab's names
        return self.width, self.height

    def draw(self) -> None:
        self._draw_zones()
        self._draw_axes()
        for index, line in enumerate(self._lines):
            self._draw_line(line, index)
        self._draw_legend()

    def _x(self, time: float) -> float:
        return _LEFT + 6 + (self._right - _LEFT - 12) * time / self._last

    def _y(self, fake_prob: float) -> float:
        return _BELOW + _HEIGHT * fake_prob

    def _draw_zones(self) -> None:
        canvas = self.canv
        for zone in self._zones:
            height = self._y(zone.high) - self._y(zone.low)
            canvas.setFillColor(zone.colour, alpha=0.09)
            canvas.rect(_LEFT, self._y(zone.low), self._right - _LEFT, height, stroke=0, fill=1)
            canvas.setFillColor(zone.colour, alpha=1)
            if height > 8:
                draw_text(canvas, self._right + 6, self._y(zone.low) + height / 2 - 2.5, zone.name)

    def _draw_axes(self) -> None:
        canvas = self.canv
        canvas.setLineWidth(0.5)
        canvas.setStrokeColor(RULE)
        canvas.setFillColor(MUTED)
        for quarter in range(5):
            y = self._y(quarter / 4)
            canvas.line(_LEFT, y, self._right, y)
            draw_text(canvas, _LEFT - 5, y - 2.5, f"{quarter / 4:.2f}", align=1)
        canvas.setStrokeColor(MUTED)
        canvas.setDash([2, 2])
        for zone in self._zones[1:]:
            canvas.line(_LEFT, self._y(zone.low), self._right, self._y(zone.low))
        canvas.setDash()
        step = _step(self._last)
        for tick in range(int(self._last / step + 1e-9) + 1):
            x = self._x(tick * step)
            canvas.line(x, _BELOW, x, _BELOW - 3)
            draw_text(canvas, x, _BELOW - 11, f"{tick * step:g}", align=0.5)
        draw_text(canvas, (_LEFT + self._right) / 2, 3, self._axis, align=0.5)

    def _draw_line(self, line: Line, index: int) -> None:
        canvas = self.canv
        places = [(self._x(time), self._y(fake_prob)) for time, fake_prob in line.points]
        path = canvas.beginPath()
        for number, (x, y) in enumerate(places):
            (path.lineTo if number else path.moveTo)(x, y)
        canvas.setStrokeColor(_INKS[index % len(_INKS)])
        canvas.setLineWidth(1.2)
        canvas.drawPath(path, stroke=1, fill=0)
        for x, y in places:
            self._draw_point(x, y, index)

    def _draw_point(self, x: float, y: float, index: int) -> None:
        canvas = self.canv
        canvas.setStrokeColor(white)
        canvas.setLineWidth(0.5)
        canvas.setFillColor(_INKS[index % len(_INKS)])
        shape, r = (index + index // 12) % _SHAPES, 2.4  # 24 different points
        if shape == 0:
            canvas.circle(x, y, r, stroke=1, fill=1)
            return
        corners = {
            1: ((-r, -r), (r, -r), (r, r), (-r, r)),
            2: ((0, -1.4 * r), (1.4 * r, 0), (0, 1.4 * r), (-1.4 * r, 0)),
            3: ((-1.2 * r, -r), (1.2 * r, -r), (0, 1.3 * r)),
        }[shape]
        path = canvas.beginPath()
        path.moveTo(x + corners[0][0], y + corners[0][1])
        for right, up in corners[1:]:
            path.lineTo(x + right, y + up)
        path.close()
        canvas.drawPath(path, stroke=1, fill=1)

    def _draw_legend(self) -> None:
        for row, entries in enumerate(self._legend):
            y = self.height - _ROW * (row + 1) + 4
            for index, x in entries:
                self._draw_point(_LEFT + x + 4, y + 2.5, index)
                self.canv.setFillColor(INK)
                draw_text(self.canv, _LEFT + x + 10, y, self._lines[index].name, size=7.5)


def _legend_rows(names: Sequence[str], width: float) -> list[list[tuple[int, float]]]:
    """Which names stand in which line, each (index, x in points)."""
    rows: list[list[tuple[int, float]]] = []
    x = math.inf
    for index, name in enumerate(names):
        needed = text_width(name, SANS, 7.5) + 24
        if x + needed > width:
            rows.append([])
            x = 0.0
        rows[-1].append((index, x))
        x += needed
    return rows


def _step(last: float) -> float:
    """A round distance of the ticks, at most ten of them."""
    power = 10.0 ** math.floor(math.log10(last / 10))
    return next(power * factor for factor in (1, 2, 5, 10) if last / (power * factor) <= 10)
