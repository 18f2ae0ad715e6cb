"""Stored result on the receipt page: headline, file, decision, later models and votes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from laanet_core.results import AnalysisResult
from webapp.services.results.documents import (
    DecidedFace,
    FeedbackDocument,
    LaterScore,
    MediaDocument,
    StoredResult,
)
from webapp.texts import Texts
from webapp.texts.formats import number_text, time_text
from webapp.texts.sentences import subject_name
from webapp.ui.render.faces import Row, verdict_pill
from webapp.ui.render.headline import headline
from webapp.ui.render.known_file import known_file
from webapp.ui.render.reliability import ReliabilityLine, reliability_lines
from webapp.ui.templating import render


@dataclass(frozen=True)
class _VoteView:
    """One vote of the visitor."""

    choice: str
    details: str
    note: Markup


def stored_head(result: StoredResult, texts: Texts) -> Markup:
    """Return the headline of a stored result, earlier decisions on its file, and its model and time."""
    shown = stable_stored_result(result)
    model = shown.model
    analysed = texts.receipt_made.format(
        time=time_text(result.created_at, texts), model=model.name, version=model.version
    )
    return render(
        "stored_head.jinja",
        headline=headline(shown, texts, unstable=result.is_stable is False),
        analysed=analysed,
        known=known_file(result.known, shown.kind, texts),
        backup=texts.receipt_backed_up if result.durable else texts.receipt_not_backed_up,
    )


def stored_details(result: StoredResult, texts: Texts) -> Markup:
    """Return the rest of what is stored under a receipt: file, decisions, later models and votes."""
    return render(
        "stored_details.jinja",
        texts=texts,
        reliability=_reliability(result, texts),
        stability=_stability(result, texts),
        file=_file(result.media, texts),
        decisions=_decisions(result, texts),
        decision_sentences=_decision_sentences(result, texts),
        later_columns=(texts.model_facts["model"], texts.columns["verdict"], texts.columns["fake_prob"]),
        later_scores=_later_scores(result.later_scores, texts),
        votes=_votes(result.feedback, result.analysis.kind, texts),
    )


def exact(text: str) -> Markup:
    """Escape text so that the browser keeps every character. Browsers turn an unescaped "\\r" into "\\n"."""
    return escape(text).replace("\r", Markup("&#13;"))


def stable_stored_result(result: StoredResult) -> AnalysisResult:
    """Return the analysis with the faces' verdicts after the stability check."""
    faces = []
    for number, face in enumerate(result.analysis.faces, start=1):
        is_unstable = number in result.unstable_faces
        faces.append(dataclasses.replace(face, verdict="inconclusive") if is_unstable else face)
    return dataclasses.replace(result.analysis, faces=tuple(faces))


def _stability(result: StoredResult, texts: Texts) -> list[str]:
    """Return what the stability check means for the whole file; nothing if there was no check.

    A face's verdict may change although the file's stays.
    """
    if result.is_stable is None:
        return []
    words = texts.stability_of_file
    if result.analysis.kind == "video":
        return [words["clip"]]
    sentences = [words["holds"] if result.is_stable else texts.outcomes["unstable"][1]]
    if result.unstable_faces:
        names = [subject_name(number, "image", texts) for number in result.unstable_faces]
        sentences.append(words["faces"].format(faces=texts.list_separator.join(names)))
    return sentences


def _reliability(result: StoredResult, texts: Texts) -> Markup:
    lines = []
    for row in result.reliability:
        name = subject_name(row.face, result.analysis.kind, texts)
        lines.append(ReliabilityLine(name, result.analysis.kind, row.count, row.share, row.interval))
    return reliability_lines(lines, texts)


def _file(media: MediaDocument, texts: Texts) -> str:
    if media.kept_since is None:
        return texts.file_not_kept
    return texts.file_kept.format(time=time_text(media.kept_since, texts))


def _decisions(result: StoredResult, texts: Texts) -> list[Row]:
    faces = [] if result.decision is None else result.decision.faces
    return [_decision(face, result.analysis.kind, texts) for face in faces]


def _decision(face: DecidedFace, kind: str, texts: Texts) -> Row:
    colour = face.value if face.value in ("real", "fake") else "inconclusive"
    label = render("pill.jinja", verdict=colour, phrase=texts.labels[face.value])
    if not face.exact:
        label = label + f" {texts.decision_of_copy}"
    return subject_name(face.face, kind, texts), label, time_text(face.decided_at, texts)


def _decision_sentences(result: StoredResult, texts: Texts) -> list[str]:
    """Return a sentence on the faces that wait for a decision, or on the reason why there is none."""
    if result.waiting:
        names = [subject_name(number, result.analysis.kind, texts) for number in result.waiting]
        return [texts.decision_waiting.format(faces=texts.list_separator.join(names))]
    if result.decision is not None and result.decision.faces:
        return []
    return [texts.decision_pending if result.media.kept else texts.decision_impossible]


def _later_scores(scores: Sequence[LaterScore], texts: Texts) -> list[Row]:
    return [
        (
            f"{score.model.name} {score.model.version}",
            verdict_pill(score.verdict, texts),
            number_text(score.fake_prob, texts),
        )
        for score in scores
    ]


def _votes(votes: Sequence[FeedbackDocument], kind: str, texts: Texts) -> list[_VoteView]:
    """Return all votes in order. Of several votes on one face, the last one counts."""
    last_index = {vote.face: index for index, vote in enumerate(votes)}
    views = []
    for index, vote in enumerate(votes):
        details = [subject_name(vote.face, kind, texts), time_text(vote.created_at, texts)]
        if vote.tags:
            details.append(texts.list_separator.join(texts.tag_names.get(tag, tag) for tag in vote.tags))
        if vote.region:
            details.append(texts.region_marked)
        if last_index[vote.face] != index:
            details.append(texts.vote_replaced)
        view = _VoteView(choice=texts.votes[vote.vote], details=" · ".join(details), note=exact(vote.note))
        views.append(view)
    return views
