"""Chart of a video in a report: fake probability of every person over time, drawn by matplotlib."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportlab.platypus import Image

from webapp.services.reports.text import INK, MUTED, RULE, chinese_font_file, hex_code
from webapp.texts import Texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.ticker import Formatter

# Height of the plot in points
_AXES_HEIGHT = 150
# Height of the labels of the time axis below the plot, in points
_AXIS_HEIGHT = 30
# Height of one row of the legend in points
_LEGEND_ROW = 15
# Names per row of the legend
_LEGEND_COLUMNS = 5
# Least height of a zone that has room for its name, as a fake probability
_MIN_NAMED_ZONE = 0.05
# Font sizes in points
_LABEL_SIZE = 7
_LEGEND_SIZE = 7.5
# Resolution of the image in dots per inch
_DPI = 220
_POINTS_PER_INCH = 72
# Name of SANS among matplotlib's fonts
_SANS_FAMILY = "DejaVu Sans"
_COLOURS = ("#0a63a8", "#c2410c", "#0b7a5e", "#8b3d8f", "#7a5c00", "#4a4f57")
# Markers distinguish persons too, so that 24 persons differ by marker or colour
_MARKERS = ("o", "s", "D", "^")
# Persons after which the markers are shifted by one, so that no combination with a colour comes twice
_MARKER_SHIFT = 12

# matplotlib does not guarantee thread safety
_drawing = threading.Lock()


@dataclass(frozen=True)
class Line:
    """Scores of one person: time in seconds and fake probability, in order of time."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Zone:
    """Fake probabilities from `low` to `high` that get one verdict. `colour` is "#rrggbb"."""

    name: str
    colour: str
    low: float
    high: float


def chart(lines: Sequence[Line], zones: Sequence[Zone], width: float, texts: Texts) -> Image:
    """Return the chart as an image of `width` points. `texts` name the time axis and write its numbers.

    Call `register_fonts` first. Without a Chinese font on the system, Chinese letters are
    left out of the chart.
    """
    rows = math.ceil(len(lines) / _LEGEND_COLUMNS)
    height = _AXES_HEIGHT + _AXIS_HEIGHT + _LEGEND_ROW * rows
    png = chart_png(lines, zones, width, height, texts)
    return Image(io.BytesIO(png), width=width, height=height)


def chart_png(
    lines: Sequence[Line], zones: Sequence[Zone], width: float, height: float, texts: Texts
) -> bytes:
    """Return the chart as a PNG of `width` x `height` points; equal inputs give equal bytes."""
    with _drawing:
        return _draw(lines, zones, texts, inches=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH))


def _draw(lines: Sequence[Line], zones: Sequence[Zone], texts: Texts, inches: tuple[float, float]) -> bytes:
    # Importing matplotlib takes a second, which the start of the application must not pay
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_zones(axes, zones)
    for index, line in enumerate(lines):
        _draw_line(axes, line, index)
    _draw_axes(axes, lines, texts)
    _draw_legend(figure, axes, lines)
    png = io.BytesIO()
    # Leave out the version of matplotlib, so that equal inputs give equal bytes
    figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": None})
    return png.getvalue()


def _draw_zones(axes: Axes, zones: Sequence[Zone]) -> None:
    for zone in zones:
        axes.axhspan(zone.low, zone.high, color=zone.colour, alpha=0.09, linewidth=0)
        if zone.low > 0:
            axes.axhline(zone.low, color=hex_code(MUTED), linewidth=0.5, linestyle=(0, (4, 4)))
        if zone.high - zone.low > _MIN_NAMED_ZONE:
            middle = (zone.low + zone.high) / 2
            axes.annotate(
                zone.name,
                (1, middle),
                xycoords=("axes fraction", "data"),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                color=zone.colour,
                fontproperties=_font(_LABEL_SIZE),
            )


def _draw_line(axes: Axes, line: Line, index: int) -> None:
    times, probs = zip(*line.points, strict=True)
    axes.plot(
        times,
        probs,
        color=_COLOURS[index % len(_COLOURS)],
        marker=_MARKERS[(index + index // _MARKER_SHIFT) % len(_MARKERS)],
        markersize=4.5,
        markeredgecolor="white",
        markeredgewidth=0.5,
        linewidth=1.2,
        label=line.name,
    )


def _draw_axes(axes: Axes, lines: Sequence[Line], texts: Texts) -> None:
    # A chart of a single moment at 0 s still needs an axis with a length.
    last = max(time for line in lines for time, _ in line.points) or 1.0
    axes.set_xlim(-0.015 * last, 1.015 * last)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(_tick_formatter(texts))
    axes.yaxis.set_major_formatter(_tick_formatter(texts))
    axes.grid(visible=True, axis="y", color=hex_code(RULE), linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set(color=hex_code(RULE), linewidth=0.5)
    axes.tick_params(color=hex_code(MUTED), labelcolor=hex_code(MUTED), width=0.5, length=3, left=False)
    for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        label.set_fontproperties(_font(_LABEL_SIZE))
    axes.set_xlabel(texts.report.timeline_axis, color=hex_code(MUTED), fontproperties=_font(_LABEL_SIZE))


def _tick_formatter(texts: Texts) -> Formatter:
    """Return matplotlib's usual formatter with the decimal mark of the language."""
    from matplotlib.ticker import ScalarFormatter

    class LocalizedFormatter(ScalarFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return super().__call__(x, pos).replace(".", texts.decimal_mark)

    return LocalizedFormatter()


def _draw_legend(figure: Figure, axes: Axes, lines: Sequence[Line]) -> None:
    figure.legend(
        handles=axes.get_lines()[-len(lines) :],
        loc="outside upper left",
        ncols=_LEGEND_COLUMNS,
        frameon=False,
        labelcolor=hex_code(INK),
        prop=_font(_LEGEND_SIZE),
    )


def _font(size: float) -> FontProperties:
    """Return the font of the report in `size` points, with a Chinese font for letters that SANS lacks."""
    from matplotlib.font_manager import FontProperties, fontManager

    chinese = str(chinese_font_file())
    known = {font.fname: font.name for font in fontManager.ttflist}
    if chinese not in known:
        fontManager.addfont(chinese)
        known = {font.fname: font.name for font in fontManager.ttflist}
    return FontProperties(family=[_SANS_FAMILY, known[chinese]], size=size)
