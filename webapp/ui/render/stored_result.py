"""Stored result on the receipt page: headline, scores, file, decision, later models and votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from laanet_core.results import number_text
from webapp.texts import Texts
from webapp.texts.sentences import ResultSummary, subject_name
from webapp.ui.render.faces import SCORE_COLUMNS, score_cells, verdict_pill
from webapp.ui.render.reliability import reliability_lines
from webapp.ui.templating import render

Result = Mapping[str, Any]


@dataclass(frozen=True)
class _VoteView:
    """One vote of the visitor."""

    choice: str
    details: str
    note: Markup


def stored_result(result: Result, texts: Texts) -> Markup:
    """Return everything that `ReceiptService.result` returned, the headline first."""
    model = result["model"]
    analysed = texts.receipt_made.format(
        time=_minute(result["created_at"]), model=model["name"], version=model["version"]
    )
    subject_column = "person" if result["kind"] == "video" else "face"
    return render(
        "stored_result.jinja",
        texts=texts,
        headline=_headline(result, texts),
        analysed=analysed,
        backup=texts.receipt_backed_up if result["durable"] else texts.receipt_not_backed_up,
        score_columns=[texts.columns[name] for name in (subject_column, *SCORE_COLUMNS)],
        scores=_scores(result, texts),
        reliability=_reliability(result, texts),
        file=_file(result["media"], texts),
        decisions=_decisions(result, texts),
        decision_sentences=_decision_sentences(result, texts),
        later_columns=(texts.model_facts["model"], texts.columns["verdict"], texts.columns["fake_prob"]),
        later_scores=_later_scores(result["later_scores"], texts),
        votes=_votes(result, texts),
    )


def exact(text: str) -> Markup:
    """Escape text so that the browser keeps every character; without this it turns "\\r" into "\\n"."""
    return escape(text).replace("\r", Markup("&#13;"))


def _headline(result: Result, texts: Texts) -> Markup:
    error = result.get("error")
    subjects = _subjects(result)
    is_video = result["kind"] == "video"
    summary = ResultSummary(
        kind=result["kind"],
        state="unstable" if result["held"] is False else result["verdict"] or result["outcome"],
        verdicts=tuple(verdict for _, _, verdict in subjects),
        error_code=error["code"] if error else None,
        error_message=error["message"] if error else "",
        cautions=tuple(result["cautions"]),
        frames=tuple((face["track"], face["time"], face["verdict"]) for face in result["faces"]),
        tracks=tuple(row["track"] for _, row, _ in subjects) if is_video else (),
    )
    return render("headline.jinja", summary=summary, fake_prob=result["fake_prob"], texts=texts)


def _subjects(result: Result) -> list[tuple[int, Mapping[str, Any], Any]]:
    """Return number, row and verdict after the stability check of every face or person."""
    if result["kind"] == "video":
        return [
            (number, row, row["verdict"]) for number, row in enumerate(result.get("tracks") or [], start=1)
        ]
    unstable = result["unstable_faces"]
    return [
        (number, row, "inconclusive" if number in unstable else row["verdict"])
        for number, row in enumerate(result["faces"], start=1)
    ]


def _scores(result: Result, texts: Texts) -> list[tuple[object, ...]]:
    return [
        (number, *score_cells(verdict, row["fake_prob"], row["fake_logit"], texts))
        for number, row, verdict in _subjects(result)
    ]


def _reliability(result: Result, texts: Texts) -> Markup:
    lines = []
    for row in result["reliability"]:
        name = subject_name(row["face"], result["kind"], texts)
        lines.append((name, row["count"], row["share"], row["interval"]))
    return reliability_lines(lines, texts)


def _file(media: Mapping[str, Any], texts: Texts) -> str:
    since = media["kept_since"]
    return texts.file_not_kept if since is None else texts.file_kept.format(time=_minute(since))


def _minute(time: str) -> str:
    """Return an ISO 8601 time without its seconds."""
    return time[:16].replace("T", " ")


def _decisions(result: Result, texts: Texts) -> list[tuple[object, ...]]:
    faces = [] if result["decision"] is None else result["decision"]["faces"]
    return [_decision(face, result["kind"], texts) for face in faces]


def _decision(face: Mapping[str, Any], kind: str, texts: Texts) -> tuple[object, ...]:
    value = face["value"]
    colour = value if value in ("real", "fake") else "inconclusive"
    label = render("pill.jinja", verdict=colour, phrase=texts.labels[value])
    if not face["exact"]:
        label = label + f" {texts.decision_of_copy}"
    return subject_name(face["face"], kind, texts), label, _minute(face["decided_at"])


def _decision_sentences(result: Result, texts: Texts) -> list[str]:
    """Return which faces wait for a decision, or why there is none."""
    if result["waiting"]:
        names = [subject_name(number, result["kind"], texts) for number in result["waiting"]]
        return [texts.decision_waiting.format(faces=", ".join(names))]
    if result["decision"] is not None and result["decision"]["faces"]:
        return []
    return [texts.decision_pending if result["media"]["kept"] else texts.decision_impossible]


def _later_scores(scores: Sequence[Mapping[str, Any]], texts: Texts) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for score in scores:
        model = f"{score['model']['name']} {score['model']['version']}"
        rows.append((model, verdict_pill(score["verdict"], texts), number_text(score["fake_prob"])))
    return rows


def _votes(result: Result, texts: Texts) -> list[_VoteView]:
    """Return all votes in order. Of several votes on one face, the last one counts."""
    votes: Sequence[Mapping[str, Any]] = result["feedback"]
    last = {vote["face"]: place for place, vote in enumerate(votes)}
    views = []
    for place, vote in enumerate(votes):
        details = [subject_name(vote["face"], result["kind"], texts), _minute(vote["created_at"])]
        if vote["tags"]:
            details.append(", ".join(texts.tag_names.get(tag, tag) for tag in vote["tags"]))
        if vote["region"]:
            details.append(texts.region_marked)
        if last[vote["face"]] != place:
            details.append(texts.vote_replaced)
        views.append(_VoteView(texts.votes[vote["vote"]], " · ".join(details), exact(vote["note"])))
    return views
