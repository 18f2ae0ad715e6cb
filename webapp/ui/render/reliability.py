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

# Colours of findings that leave little doubt. Every other finding has the colour of "inconclusive".
_FINDING_COLOURS = {"holds": "real", "partly": "unjudged"}


@dataclass(frozen=True)
class _VariantCell:
    """Score and verdict of a face after one change."""

    name: str
    fake_prob: float | None
    verdict: Verdict | None
    phrase: str
    is_opposite: bool


@dataclass(frozen=True)
class ReliabilityLine:
    """Share of fakes among decided cases with scores like that of a face or person.

    `count` is the number of those cases. `interval` is the 95 % interval of `share`. Shares are in [0, 1].
    """

    name: str
    count: int
    share: float
    interval: tuple[float, float]


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
            name = subject_name(number, "image", texts)
            video_verdict = None
        else:
            name = subject_name(face.track + 1, "video", texts)
            video_verdict = video_verdicts.get(face.track)
        rows.append(_row(name, face, stability, video_verdict, texts))
    if not rows:
        return Markup("")
    help_text = texts.stability_help_clip if result.kind == "video" else texts.stability_help
    return render("stability.jinja", rows=rows, help=help_text, texts=texts)


def waiting_strip(texts: Texts) -> Markup:
    """Return the strip while the stability check runs."""
    return render("stability.jinja", rows=[], help=texts.stability_running, texts=texts)


def reliability_lines(lines: Sequence[ReliabilityLine], texts: Texts) -> Markup:
    """Return one sentence per line on how often similar scores were fake, or "" without lines."""
    if not lines:
        return Markup("")
    sentences = []
    for line in lines:
        sentence = reliability_sentence(line.count, line.share, line.interval, texts)
        sentences.append((line.name, sentence))
    return render("reliability.jinja", lines=sentences)


def _row(
    name: str, face: FaceResult, stability: Stability, video_verdict: Verdict | None, texts: Texts
) -> _StabilityRow:
    names = texts.stability_names
    original = _VariantCell(
        name=names["original"],
        fake_prob=face.fake_prob,
        verdict=face.verdict,
        phrase=verdict_phrase(face.verdict, texts),
        is_opposite=False,
    )
    cells = [original]
    for variant in stability.variants:
        cell = _VariantCell(
            name=names[variant.name],
            fake_prob=variant.fake_prob,
            verdict=variant.verdict,
            phrase=verdict_phrase(variant.verdict, texts, not_judged="too_small"),
            is_opposite=variant.opposite,
        )
        cells.append(cell)
    colour = _FINDING_COLOURS.get(finding(face.verdict, stability), "inconclusive")
    if video_verdict is not None and video_verdict != face.verdict:
        colour = "inconclusive"
    sentence = stability_sentence(face.verdict, stability, video_verdict, texts)
    return _StabilityRow(name=name, cells=cells, sentence=sentence, colour=colour)
