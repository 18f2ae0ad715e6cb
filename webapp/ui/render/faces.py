"""Table with one row per face of a photo or person of a video."""

from __future__ import annotations

from markupsafe import Markup

from laanet_core.inference.unjudged_tracks import unjudged_tracks
from laanet_core.results import AnalysisResult, size_text
from webapp.texts import Texts
from webapp.texts.formats import number_text
from webapp.texts.sentences import segment_times, verdict_phrase
from webapp.ui.templating import render

SCORE_COLUMNS = ("verdict", "fake_prob", "fake_logit")

# Cells of a table row: text, numbers or markup.
Row = tuple[object, ...]


def face_table(result: AnalysisResult, texts: Texts) -> Markup:
    """Return the table of all faces or persons, or "" if there are none.

    A table of segments follows if a person's verdict changes in the course of a video. The tables of a video
    say what their scores are the means of.
    """
    tables = _subject_table(result, texts)
    if len(result.segments) > len(result.tracks):
        tables += _segment_table(result, texts)
    return tables


def _subject_table(result: AnalysisResult, texts: Texts) -> Markup:
    rows = subject_rows(result, texts)
    if not rows:
        return Markup("")
    subject, last = ("person", "frames") if result.kind == "video" else ("face", "size")
    columns = [texts.columns[name] for name in (subject, *SCORE_COLUMNS, last)]
    caption = texts.person_table if result.kind == "video" else ""
    return render("table.jinja", caption=caption, columns=columns, rows=rows)


def subject_rows(result: AnalysisResult, texts: Texts) -> list[Row]:
    """Return number, score cells, and size or judged frames, of every face or person in order."""
    rows: list[Row] = []
    if result.kind == "image":
        for number, face in enumerate(result.faces, start=1):
            cells = score_cells(
                face.verdict, face.fake_prob, face.fake_logit, texts, not_judged=face.not_judged
            )
            rows.append((number, *cells, size_text(face.box)))
        return rows
    persons: dict[int, Row] = {}
    for track in result.tracks:
        cells = score_cells(track.verdict, track.fake_prob, track.fake_logit, texts)
        persons[track.track] = (track.track + 1, *cells, track.frames)
    for unjudged in unjudged_tracks(result):
        cells = score_cells(None, None, None, texts, not_judged=unjudged.reason)
        persons[unjudged.track] = (unjudged.track + 1, *cells, 0)
    return [persons[track] for track in sorted(persons)]


def _segment_table(result: AnalysisResult, texts: Texts) -> Markup:
    """Return every passage of a video in which a person's verdict stays the same."""
    columns = [texts.columns[name] for name in ("person", "segment", *SCORE_COLUMNS, "frames")]
    rows = [
        (
            segment.track + 1,
            segment_times(segment, texts),
            *score_cells(segment.verdict, segment.fake_prob, segment.fake_logit, texts),
            segment.frames,
        )
        for segment in result.segments
    ]
    return render("table.jinja", caption=texts.segment_table, columns=columns, rows=rows)


def score_cells(
    verdict: str | None,
    fake_prob: float | None,
    fake_logit: float | None,
    texts: Texts,
    *,
    not_judged: str | None = None,
) -> tuple[Markup, str, str]:
    """Return the cells of SCORE_COLUMNS."""
    pill = verdict_pill(verdict, texts, not_judged=not_judged)
    return pill, number_text(fake_prob, texts), number_text(fake_logit, texts)


def verdict_pill(verdict: str | None, texts: Texts, *, not_judged: str | None = None) -> Markup:
    """Return the phrase for a verdict in the verdict's colour, or the reason for which there is none."""
    phrase = verdict_phrase(verdict, texts, not_judged=not_judged)
    return render("pill.jinja", verdict=verdict, phrase=phrase)
