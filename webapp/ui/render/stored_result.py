"""Stored result on the receipt page: headline, scores, file, decision, later models and votes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from laanet_core.results import AnalysisResult, FaceResult, TrackResult, number_text
from webapp.services.results.documents import (
    DecidedFace,
    FeedbackDocument,
    LaterScore,
    MediaDocument,
    StoredResult,
)
from webapp.texts import Texts
from webapp.texts.sentences import subject_name, summarise
from webapp.ui.render.faces import SCORE_COLUMNS, score_cells, verdict_pill
from webapp.ui.render.reliability import ReliabilityLine, reliability_lines
from webapp.ui.templating import render

# Cells of a table row: text or markup.
Row = tuple[object, ...]


@dataclass(frozen=True)
class _VoteView:
    """One vote of the visitor."""

    choice: str
    details: str
    note: Markup


def stored_result(result: StoredResult, texts: Texts) -> Markup:
    """Return everything that is stored under a receipt, the headline first."""
    shown = _stable_result(result)
    summary = summarise(shown, unstable=result.is_stable is False)
    model = shown.model
    analysed = texts.receipt_made.format(
        time=_minute(result.created_at), model=model.name, version=model.version
    )
    subject_column = "person" if shown.kind == "video" else "face"
    return render(
        "stored_result.jinja",
        texts=texts,
        headline=render("headline.jinja", summary=summary, fake_prob=shown.fake_prob, texts=texts),
        analysed=analysed,
        backup=texts.receipt_backed_up if result.durable else texts.receipt_not_backed_up,
        score_columns=[texts.columns[name] for name in (subject_column, *SCORE_COLUMNS)],
        scores=_scores(shown, texts),
        reliability=_reliability(result, texts),
        file=_file(result.media, texts),
        decisions=_decisions(result, texts),
        decision_sentences=_decision_sentences(result, texts),
        later_columns=(texts.model_facts["model"], texts.columns["verdict"], texts.columns["fake_prob"]),
        later_scores=_later_scores(result.later_scores, texts),
        votes=_votes(result.feedback, shown.kind, texts),
    )


def exact(text: str) -> Markup:
    """Escape text so that the browser keeps every character. Browsers turn an unescaped "\\r" into "\\n"."""
    return escape(text).replace("\r", Markup("&#13;"))


def _stable_result(result: StoredResult) -> AnalysisResult:
    """Return the analysis with the faces' verdicts after the stability check."""
    faces = []
    for number, face in enumerate(result.analysis.faces, start=1):
        is_unstable = number in result.unstable_faces
        faces.append(dataclasses.replace(face, verdict="inconclusive") if is_unstable else face)
    return dataclasses.replace(result.analysis, faces=tuple(faces))


def _scores(shown: AnalysisResult, texts: Texts) -> list[Row]:
    subjects: Sequence[FaceResult | TrackResult] = shown.tracks if shown.kind == "video" else shown.faces
    rows: list[Row] = []
    for number, subject in enumerate(subjects, start=1):
        not_judged = subject.not_judged if isinstance(subject, FaceResult) else None
        cells = score_cells(
            subject.verdict, subject.fake_prob, subject.fake_logit, texts, not_judged=not_judged
        )
        rows.append((number, *cells))
    return rows


def _reliability(result: StoredResult, texts: Texts) -> Markup:
    lines = []
    for row in result.reliability:
        name = subject_name(row.face, result.analysis.kind, texts)
        lines.append(ReliabilityLine(name, row.count, row.share, row.interval))
    return reliability_lines(lines, texts)


def _file(media: MediaDocument, texts: Texts) -> str:
    if media.kept_since is None:
        return texts.file_not_kept
    return texts.file_kept.format(time=_minute(media.kept_since))


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"


def _decisions(result: StoredResult, texts: Texts) -> list[Row]:
    faces = [] if result.decision is None else result.decision.faces
    return [_decision(face, result.analysis.kind, texts) for face in faces]


def _decision(face: DecidedFace, kind: str, texts: Texts) -> Row:
    colour = face.value if face.value in ("real", "fake") else "inconclusive"
    label = render("pill.jinja", verdict=colour, phrase=texts.labels[face.value])
    if not face.exact:
        label = label + f" {texts.decision_of_copy}"
    return subject_name(face.face, kind, texts), label, _minute(face.decided_at)


def _decision_sentences(result: StoredResult, texts: Texts) -> list[str]:
    """Return a sentence on the faces that wait for a decision, or on the reason why there is none."""
    if result.waiting:
        names = [subject_name(number, result.analysis.kind, texts) for number in result.waiting]
        return [texts.decision_waiting.format(faces=", ".join(names))]
    if result.decision is not None and result.decision.faces:
        return []
    return [texts.decision_pending if result.media.kept else texts.decision_impossible]


def _later_scores(scores: Sequence[LaterScore], texts: Texts) -> list[Row]:
    return [
        (
            f"{score.model.name} {score.model.version}",
            verdict_pill(score.verdict, texts),
            number_text(score.fake_prob),
        )
        for score in scores
    ]


def _votes(votes: Sequence[FeedbackDocument], kind: str, texts: Texts) -> list[_VoteView]:
    """Return all votes in order. Of several votes on one face, the last one counts."""
    last_index = {vote.face: index for index, vote in enumerate(votes)}
    views = []
    for index, vote in enumerate(votes):
        details = [subject_name(vote.face, kind, texts), _minute(vote.created_at)]
        if vote.tags:
            details.append(", ".join(texts.tag_names.get(tag, tag) for tag in vote.tags))
        if vote.region:
            details.append(texts.region_marked)
        if last_index[vote.face] != index:
            details.append(texts.vote_replaced)
        view = _VoteView(choice=texts.votes[vote.vote], details=" · ".join(details), note=exact(vote.note))
        views.append(view)
    return views
