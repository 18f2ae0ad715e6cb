"""Stability strip and reliability lines: how far a verdict can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from laanet_core.inference.stable_verdicts import checked_faces, finding
from laanet_core.results import AnalysisResult, FaceResult, Stability, Verdict
from webapp.texts import Texts
from webapp.texts.sentences import reliability_sentence, stability_sentence, subject_name, verdict_phrase
from webapp.ui.templating import render

# Colours of findings that leave little doubt; every other finding has the colour of "inconclusive"
_FINDING_COLOURS = {"holds": "real", "partly": "unjudged"}


@dataclass(frozen=True)
class _VariantCell:
    """Score and verdict of a face after one change."""

    name: str
    fake_prob: float | None
    verdict: Verdict | None
    phrase: str
    opposite: bool


@dataclass(frozen=True)
class _StabilityRow:
    """All variants of one face, and the conclusion."""

    name: str
    cells: Sequence[_VariantCell]
    sentence: str
    colour: str


def stability_strip(result: AnalysisResult, stabilities: Sequence[Stability | None], texts: Texts) -> Markup:
    """Return one row per checked face, or "" if no face has a score.

    `result` has the verdicts before the stability check. `stabilities` are those of `checked_faces(result)`,
    in that order. The faces of a video are those of one frame; each has the name of its person.
    """
    video_verdicts = {track.track: track.verdict for track in result.tracks}
    rows = []
    for number, (face, stability) in enumerate(zip(checked_faces(result), stabilities, strict=True), start=1):
        if stability is None:
            continue
        if face.track is None:
            name, video_verdict = subject_name(number, "image", texts), None
        else:
            name, video_verdict = subject_name(face.track + 1, "video", texts), video_verdicts.get(face.track)
        rows.append(_row(name, face, stability, video_verdict, texts))
    if not rows:
        return Markup("")
    help_text = texts.stability_help_clip if result.kind == "video" else texts.stability_help
    return render("stability.jinja", rows=rows, help=help_text, texts=texts)


def waiting_strip(texts: Texts) -> Markup:
    """Return the strip while the stability check runs."""
    return render("stability.jinja", rows=[], help=texts.stability_running, texts=texts)


def reliability_lines(lines: Sequence[tuple[str, int, float, tuple[float, float]]], texts: Texts) -> Markup:
    """Return how often similar scores were fake, or "" without lines.

    Each line has the name of a face or person, the number of decided cases, the share of fakes among them and
    its 95 % interval. Shares are in [0, 1].
    """
    if not lines:
        return Markup("")
    sentences = [
        (name, reliability_sentence(count, share, interval, texts)) for name, count, share, interval in lines
    ]
    return render("reliability.jinja", lines=sentences)


def _row(
    name: str, face: FaceResult, stability: Stability, video_verdict: Verdict | None, texts: Texts
) -> _StabilityRow:
    names = texts.stability_names
    cells = [_cell(names["original"], face.fake_prob, face.verdict, texts)]
    for variant in stability.variants:
        cell = _cell(names[variant.name], variant.fake_prob, variant.verdict, texts, variant.opposite)
        cells.append(cell)
    colour = _FINDING_COLOURS.get(finding(face.verdict, stability), "inconclusive")
    if video_verdict is not None and video_verdict != face.verdict:
        colour = "inconclusive"
    sentence = stability_sentence(face.verdict, stability, video_verdict, texts)
    return _StabilityRow(name, cells, sentence, colour)


def _cell(
    name: str, fake_prob: float | None, verdict: Verdict | None, texts: Texts, opposite: bool = False
) -> _VariantCell:
    return _VariantCell(name, fake_prob, verdict, verdict_phrase(verdict, texts), opposite)
