"""A clip's scores over time: as rows, and as a plot that can be clicked, dragged and steered by keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from laanet_core.decision import DecisionConfig
from laanet_core.results import AnalysisResult
from webapp.texts import Texts

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720.0, 200.0, 34.0, 22.0, 8.0  # of the drawing, in its own units
_DASHES = ("", "7 4", "2 4", "10 3 2 3")  # persons differ by line as well as by colour
_COLOURS = 4


def rows(result: AnalysisResult) -> list[dict[str, float | str]]:
    """One row per judged face and frame: `time` in seconds, `fake_prob`, and the `person` it belongs to."""
    return [
        {
            "time": round(face.time, 3),
            "fake_prob": round(face.fake_prob, 4),
            "person": f"Person {face.track + 1}",
        }
        for face in result.faces
        if face.time is not None and face.fake_prob is not None and face.track is not None
    ]


def plot(result: AnalysisResult, decision: DecisionConfig, texts: Texts) -> str:
    """Fake probability over time, one line per person, the thresholds as bands; "" for a picture or a clip without a judged face."""
    lines = _lines(result)
    if not lines:
        return ""
    last = max(time for points in lines.values() for time, _ in points) or 1.0
    names = "".join(_legend(track, texts) for track in lines)
    drawing = (
        _bands(decision)
        + _axis(last, texts)
        + "".join(_line(track, points, last) for track, points in lines.items())
    )
    return (
        f"<section class='lens-timeline' data-last='{last:.3f}'><h3>{escape(texts.timeline)}</h3>"
        f"<p class='lens-help'>{escape(texts.timeline_help)}</p>"
        f"<svg viewBox='0 0 {_WIDTH:g} {_HEIGHT:g}' role='img' aria-label='{escape(_words(lines, texts))}' "
        f"onpointerdown='lensPlot(event)' onpointermove='event.buttons &amp;&amp; lensPlot(event)'>{drawing}"
        f"<line class='lens-now' x1='{_LEFT:g}' x2='{_LEFT:g}' y1='{_TOP:g}' y2='{_HEIGHT - _BOTTOM:g}'/></svg>"
        f"<label class='lens-slider'>{escape(texts.seek)} <input type='range' min='0' max='{last:.3f}' step='0.04' value='0' "
        f"oninput='lensSeek(+this.value)'></label><p class='lens-names'>{names}</p></section>"
    )


def _lines(result: AnalysisResult) -> dict[int, list[tuple[float, float]]]:
    lines: dict[int, list[tuple[float, float]]] = {}
    for face in result.faces:
        if face.time is not None and face.fake_prob is not None and face.track is not None:
            lines.setdefault(face.track, []).append((face.time, face.fake_prob))
    return lines


def _x(time: float, last: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - 8) * time / last


def _y(prob: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - prob)


def _bands(decision: DecisionConfig) -> str:
    edges = (1.0, decision.fake_above, decision.real_below, 0.0)
    place = f"x='{_LEFT:g}' width='{_WIDTH - _LEFT - 8:g}'"
    return "".join(
        f"<rect class='lens-band lens-{name}' {place} y='{_y(high):.1f}' height='{_y(low) - _y(high):.1f}'/>"
        for name, high, low in zip(("fake", "inconclusive", "real"), edges[:-1], edges[1:], strict=True)
    )


def _axis(last: float, texts: Texts) -> str:
    marks = "".join(
        f"<text x='{_LEFT - 6:g}' y='{_y(value) + 4:.1f}' text-anchor='end'>{value:g}</text>"
        for value in (0, 0.5, 1)
    )
    for time, anchor in ((0.0, "start"), (last / 2, "middle"), (last, "end")):
        words = escape(texts.seconds.format(seconds=f"{time:.1f}"))
        marks += f"<text x='{_x(time, last):.1f}' y='{_HEIGHT - 5:g}' text-anchor='{anchor}'>{words}</text>"
    return marks


def _line(track: int, points: Sequence[tuple[float, float]], last: float) -> str:
    path = " ".join(f"{_x(time, last):.1f},{_y(prob):.1f}" for time, prob in points)
    dots = "".join(
        f"<circle cx='{_x(time, last):.1f}' cy='{_y(prob):.1f}' r='2.6'/>" for time, prob in points
    )
    line = f"<polyline points='{path}' stroke-dasharray='{_DASHES[track % _COLOURS]}'/>"
    return f"<g class='lens-track lens-track-{track % _COLOURS}'>{line}{dots}</g>"


def _legend(track: int, texts: Texts) -> str:
    name = escape(texts.person_number.format(number=track + 1))
    line = f"<line x1='0' x2='28' y1='5' y2='5' stroke-dasharray='{_DASHES[track % _COLOURS]}'/>"
    return f"<span><svg viewBox='0 0 28 10' class='lens-track lens-track-{track % _COLOURS}' aria-hidden='true'>{line}</svg>{name}</span>"


def _words(lines: dict[int, list[tuple[float, float]]], texts: Texts) -> str:
    """The plot for those who do not see it: every person's range and when it is highest."""
    words = [texts.timeline]
    for track, points in lines.items():
        probs = [prob for _, prob in points]
        when = max(points, key=lambda point: point[1])[0]
        at = texts.seconds.format(seconds=f"{when:.1f}")
        words.append(
            f"{texts.person_number.format(number=track + 1)}: {min(probs):.4f}–{max(probs):.4f} ({at})"
        )
    return "; ".join(words)
