"""Stability rows and reliability lines: how far a verdict can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from laanet_core.inference.stable_verdicts import checked_faces, finding
from laanet_core.results import AnalysisResult, FaceResult, Kind, Stability, Verdict
from webapp.texts import Texts
from webapp.texts.sentences import (
    other_video_verdict,
    percent_text,
    reliability_sentence,
    stability_sentence,
    verdict_phrase,
)
from webapp.ui.templating import render

# Colours of findings that leave little doubt. Every other finding has the colour of "inconclusive".
_FINDING_COLOURS = {"holds": "real", "partly": "unjudged"}


@dataclass(frozen=True)
class VariantCell:
    """Score and verdict of a face after one change."""

    name: str
    number: str
    verdict: Verdict | None
    phrase: str
    is_opposite: bool


@dataclass(frozen=True)
class ReliabilityLine:
    """Share of fakes among decided cases with scores like that of a face or person.

    `kind` is that of the file. `count` is the number of those cases. `interval` is the 95 % interval of
    `share`. Shares are in [0, 1].
    """

    name: str
    kind: Kind
    count: int
    share: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class StabilityRow:
    """All variants of one face, the conclusion, and what was checked."""

    cells: Sequence[VariantCell]
    sentence: str
    colour: str
    help: str


def stability_rows(
    result: AnalysisResult, stabilities: Sequence[Stability | None], texts: Texts
) -> dict[int, StabilityRow]:
    """Return a row for every checked face with a score, by the number of the face or person.

    `result` has the verdicts before the stability check. `stabilities` are those of `checked_faces(result)`,
    in that order. The faces of a video are those of one frame.
    """
    help_text = texts.stability_help_clip if result.kind == "video" else texts.stability_help
    rows = {}
    for index, (face, stability) in enumerate(zip(checked_faces(result), stabilities, strict=True)):
        if stability is None:
            continue
        number = index + 1 if face.track is None else face.track + 1
        video_phrase = other_video_verdict(result, face, texts)
        rows[number] = _row(face, stability, video_phrase, help_text, texts)
    return rows


def reliability_lines(lines: Sequence[ReliabilityLine], texts: Texts) -> Markup:
    """Return one sentence per line on how often similar scores were fake, or "" without lines."""
    if not lines:
        return Markup("")
    sentences = []
    for line in lines:
        sentence = reliability_sentence(line.count, line.share, line.interval, line.kind, texts)
        sentences.append((line.name, sentence))
    return render("reliability.jinja", lines=sentences)


def _row(
    face: FaceResult, stability: Stability, video_phrase: str, help_text: str, texts: Texts
) -> StabilityRow:
    names = texts.stability_names
    cells = [
        VariantCell(
            name=names["original"],
            number=percent_text(face.fake_prob, texts),
            verdict=face.verdict,
            phrase=verdict_phrase(face.verdict, texts),
            is_opposite=False,
        )
    ]
    for variant in stability.variants:
        cell = VariantCell(
            name=names[variant.name],
            number=percent_text(variant.fake_prob, texts),
            verdict=variant.verdict,
            phrase=verdict_phrase(variant.verdict, texts, not_judged="too_small"),
            is_opposite=variant.opposite,
        )
        cells.append(cell)
    colour = _FINDING_COLOURS.get(finding(face.verdict, stability), "inconclusive")
    if video_phrase:
        colour = "inconclusive"
    sentence = stability_sentence(face.verdict, stability, video_phrase, texts)
    return StabilityRow(cells=cells, sentence=sentence, colour=colour, help=help_text)
