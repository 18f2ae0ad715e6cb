"""Table with one row per face of a photo or person of a video."""

from __future__ import annotations

from markupsafe import Markup

from laanet_core.results import AnalysisResult, number_text, size_text
from webapp.texts import Texts
from webapp.texts.sentences import verdict_phrase
from webapp.ui.templating import render

SCORE_COLUMNS = ("verdict", "fake_prob", "fake_logit")


def face_table(result: AnalysisResult, texts: Texts) -> Markup:
    """Return the table of all faces or persons, or "" if there are none."""
    if result.kind == "video":
        columns = ("person", *SCORE_COLUMNS, "frames")
        rows: list[tuple[object, ...]] = [
            (
                track.track + 1,
                *score_cells(track.verdict, track.fake_prob, track.fake_logit, texts),
                track.frames,
            )
            for track in result.tracks
        ]
    else:
        columns = ("face", *SCORE_COLUMNS, "size")
        rows = [
            (number, *score_cells(face.verdict, face.fake_prob, face.fake_logit, texts), size_text(face.box))
            for number, face in enumerate(result.faces, start=1)
        ]
    if not rows:
        return Markup("")
    return render("table.jinja", columns=[texts.columns[name] for name in columns], rows=rows)


def score_cells(
    verdict: str | None, fake_prob: float | None, fake_logit: float | None, texts: Texts
) -> tuple[Markup, str, str]:
    """Return the cells of SCORE_COLUMNS."""
    return verdict_pill(verdict, texts), number_text(fake_prob), number_text(fake_logit)


def verdict_pill(verdict: str | None, texts: Texts) -> Markup:
    """Return the phrase for a verdict in the verdict's colour."""
    return render("pill.jinja", verdict=verdict, phrase=verdict_phrase(verdict, texts))
