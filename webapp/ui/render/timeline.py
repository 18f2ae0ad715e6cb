"""Chart of a video's scores over time, for mouse and keyboard, and the same scores as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from laanet_core.decision import DecisionConfig
from laanet_core.results import AnalysisResult
from webapp.texts import Texts
from webapp.ui.templating import render

# Size and margins of the drawing, in its own units
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 200, 34, 8, 8, 22
# Dash patterns: persons differ by line as well as by colour
_DASHES = ("", "7 4", "2 4", "10 3 2 3")

# Time in seconds and fake probability
Point = tuple[float, float]


@dataclass(frozen=True)
class _Band:
    """Background between two thresholds."""

    verdict: str
    top: float
    height: float


@dataclass(frozen=True)
class _AxisLabel:
    """Text at an axis; `anchor` is an SVG text anchor."""

    text: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class _PersonLine:
    """Line of one person. `points` are x and y in the drawing's units."""

    name: str
    colour: int
    dashes: str
    points: Sequence[Point]


@dataclass(frozen=True)
class _TimelineChart:
    """Everything the template draws. `last` is the end of the time axis in seconds."""

    last: float
    bands: Sequence[_Band]
    labels: Sequence[_AxisLabel]
    lines: Sequence[_PersonLine]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    top: int = _TOP
    bottom: int = _HEIGHT - _BOTTOM
    right: int = _WIDTH - _RIGHT


def rows(result: AnalysisResult) -> list[dict[str, float | str]]:
    """Return one row per judged face and frame: `time` in seconds, `fake_prob` and `person`."""
    return [
        {
            "time": round(face.time, 3),
            "fake_prob": round(face.fake_prob, 4),
            "person": f"Person {face.track + 1}",
        }
        for face in result.faces
        if face.time is not None and face.fake_prob is not None and face.track is not None
    ]


def plot(result: AnalysisResult, decision: DecisionConfig, texts: Texts) -> Markup:
    """Return fake probability over time, one line per person, with the thresholds as bands.

    Returns "" for a photo and for a video without a judged face.
    """
    points = _points_by_track(result)
    if not points:
        return Markup("")
    last = max(time for line in points.values() for time, _ in line) or 1.0
    chart = _TimelineChart(
        last=last,
        bands=_bands(decision),
        labels=_axis_labels(last, texts),
        lines=[_line(track, line, last, texts) for track, line in points.items()],
    )
    return render("timeline.jinja", chart=chart, description=_description(points, texts), texts=texts)


def _points_by_track(result: AnalysisResult) -> dict[int, list[Point]]:
    points: dict[int, list[Point]] = {}
    for face in result.faces:
        if face.time is not None and face.fake_prob is not None and face.track is not None:
            points.setdefault(face.track, []).append((face.time, face.fake_prob))
    return points


def _x(time: float, last: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * time / last


def _y(fake_prob: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - fake_prob)


def _bands(decision: DecisionConfig) -> list[_Band]:
    edges = (
        ("fake", 1.0, decision.fake_above),
        ("inconclusive", decision.fake_above, decision.real_below),
        ("real", decision.real_below, 0.0),
    )
    return [_Band(verdict, _y(high), _y(low) - _y(high)) for verdict, high, low in edges]


def _axis_labels(last: float, texts: Texts) -> list[_AxisLabel]:
    labels = [_AxisLabel(f"{value:g}", _LEFT - 6, _y(value) + 4, "end") for value in (0, 0.5, 1)]
    for time, anchor in ((0.0, "start"), (last / 2, "middle"), (last, "end")):
        text = texts.seconds.format(seconds=f"{time:.1f}")
        labels.append(_AxisLabel(text, _x(time, last), _HEIGHT - 5, anchor))
    return labels


def _line(track: int, points: Sequence[Point], last: float, texts: Texts) -> _PersonLine:
    name = texts.person_number.format(number=track + 1)
    colour = track % len(_DASHES)
    places = [(_x(time, last), _y(fake_prob)) for time, fake_prob in points]
    return _PersonLine(name, colour, _DASHES[colour], places)


def _description(points: dict[int, list[Point]], texts: Texts) -> str:
    """Return the text alternative: range and maximum of every person."""
    parts = [texts.timeline]
    for track, line in points.items():
        probs = [fake_prob for _, fake_prob in line]
        peak_time = max(line, key=lambda point: point[1])[0]
        name = texts.person_number.format(number=track + 1)
        time = texts.seconds.format(seconds=f"{peak_time:.1f}")
        parts.append(f"{name}: {min(probs):.4f}–{max(probs):.4f} ({time})")
    return "; ".join(parts)
