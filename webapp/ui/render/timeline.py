"""Chart of a video's scores over time, for mouse and keyboard, and the same scores as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from laanet_core.decision import DecisionConfig
from laanet_core.results import AnalysisResult
from webapp.texts import Texts
from webapp.texts.formats import number_text, share_text
from webapp.texts.sentences import percent_text
from webapp.ui.templating import render

# Size and margins of the drawing, in its own units.
_WIDTH = 440
_HEIGHT = 250
_LEFT = 40
# Room for the names of the bands, which would hide the lines inside the plot.
_RIGHT = 104
_TOP = 8
_BOTTOM = 22
# Height of a band from which on its name fits into it.
_NAMED_HEIGHT = 16
# Distances of the labels from the axes, and of a baseline from the middle of its text, in the same units.
_LABEL_GAP = 6
_BASELINE_SHIFT = 4
_TIME_LABEL_Y = _HEIGHT - 5
# Dash patterns. The lines of persons differ by dashes as well as by colour.
_DASHES = ("", "7 4", "2 4", "10 3 2 3")

# Two coordinates: time in seconds and fake probability, or x and y in the drawing.
Point = tuple[float, float]


@dataclass(frozen=True)
class _Band:
    """Background between two thresholds; `name` is "" if there is no room for it beside the band."""

    verdict: str
    top: float
    height: float
    name: str

    @property
    def name_y(self) -> float:
        """Return the baseline of the name in the middle of the band."""
        return self.top + self.height / 2 + _BASELINE_SHIFT


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
    """Everything that the template draws. `last` is the end of the time axis in seconds."""

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
    names: int = _WIDTH - _RIGHT + _LABEL_GAP


def rows(result: AnalysisResult) -> list[dict[str, float | str]]:
    """Return one row per judged face and frame: `time` in seconds, `fake_prob` and `person`."""
    entries: list[dict[str, float | str]] = []
    for face in result.faces:
        if face.time is not None and face.fake_prob is not None and face.track is not None:
            entry: dict[str, float | str] = {
                "time": round(face.time, 3),
                "fake_prob": round(face.fake_prob, 4),
                "person": f"Person {face.track + 1}",
            }
            entries.append(entry)
    return entries


def plot(result: AnalysisResult, decision: DecisionConfig, texts: Texts) -> Markup:
    """Return fake probability over time, one line per person, with the thresholds as bands.

    Returns "" for a photo and for a video without a judged face.
    """
    points = _points_by_track(result)
    if not points:
        return Markup("")
    # A clip of a single frame at 0 s still needs an axis with a length.
    last = max(max(time for time, _ in line) for line in points.values()) or 1.0
    chart = _TimelineChart(
        last=last,
        bands=_bands(decision, texts),
        labels=_axis_labels(last, decision, texts),
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


def _bands(decision: DecisionConfig, texts: Texts) -> list[_Band]:
    edges = (
        ("fake", 1.0, decision.fake_above),
        ("inconclusive", decision.fake_above, decision.real_below),
        ("real", decision.real_below, 0.0),
    )
    bands = []
    for verdict, high, low in edges:
        top = _y(high)
        height = _y(low) - top
        name = texts.zones[verdict] if height >= _NAMED_HEIGHT else ""
        bands.append(_Band(verdict, top, height, name))
    return bands


def _axis_labels(last: float, decision: DecisionConfig, texts: Texts) -> list[_AxisLabel]:
    labels = []
    for value in sorted({0.0, decision.real_below, decision.fake_above, 1.0}):
        y = _y(value) + _BASELINE_SHIFT
        labels.append(_AxisLabel(share_text(value, texts), x=_LEFT - _LABEL_GAP, y=y, anchor="end"))
    for time, anchor in ((0.0, "start"), (last / 2, "middle"), (last, "end")):
        text = texts.seconds.format(seconds=number_text(time, texts, 1))
        labels.append(_AxisLabel(text, x=_x(time, last), y=_TIME_LABEL_Y, anchor=anchor))
    return labels


def _line(track: int, points: Sequence[Point], last: float, texts: Texts) -> _PersonLine:
    name = texts.person_number.format(number=track + 1)
    colour = track % len(_DASHES)
    places = [(_x(time, last), _y(fake_prob)) for time, fake_prob in points]
    return _PersonLine(name=name, colour=colour, dashes=_DASHES[colour], points=places)


def _description(points: dict[int, list[Point]], texts: Texts) -> str:
    """Return the text alternative: for every person the range of the scores and the time of the highest."""
    parts = [texts.timeline]
    for track, line in points.items():
        probs = [fake_prob for _, fake_prob in line]
        peak_time = max(line, key=lambda point: point[1])[0]
        name = texts.person_number.format(number=track + 1)
        time = texts.seconds.format(seconds=number_text(peak_time, texts, 1))
        low, high = percent_text(min(probs), texts), percent_text(max(probs), texts)
        parts.append(f"{name}: {low}–{high} ({time})")
    return "; ".join(parts)
