"""Answers of the page that checks reports: finding, facts, file, and what is known today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from laanet_core.results import Outcome, Verdict
from webapp.services.reports.document import ReportStatement
from webapp.services.reports.verification import Finding
from webapp.services.results.documents import DecidedFace
from webapp.services.results.verification import (
    KeyDocument,
    LaterFindings,
    RecordedResult,
    ResultState,
    VerifiedReport,
)
from webapp.texts import Texts
from webapp.texts.formats import number_text, time_text
from webapp.texts.provenance_sentences import ProvenanceView, view_of
from webapp.texts.sentences import percent_text, subject_name
from webapp.ui.render.faces import verdict_pill
from webapp.ui.templating import render

Fact = tuple[str, object]
Row = tuple[object, ...]


def verified_report(answer: VerifiedReport, texts: Texts) -> Markup:
    """Return the answer to a report, the finding first."""
    words = texts.verification
    title, explanation = words.findings[answer.finding]
    sentences = [explanation]
    if answer.key is not None:
        sentences.append(_key(answer.key, answer.finding, texts))
    kind = "image" if answer.report is None else answer.report.media.kind
    today = {"stands": words.stands, "gone": words.gone, "not_stored": words.not_stored, "unknown": ""}
    return render(
        "verification.jinja",
        colour="real" if answer.authentic else "fake",
        title=title,
        sentences=sentences,
        code=answer.finding,
        texts=texts,
        facts_title=words.report_title,
        facts=[] if answer.report is None else _report_facts(answer.report, texts),
        provenance=None if answer.report is None else _provenance(answer.report, texts),
        file=_file(answer, texts),
        today=today[answer.receipt],
        **_later(answer.later, kind, texts),
    )


def result_state(state: ResultState, texts: Texts) -> Markup:
    """Return what this site has stored under the number of a report."""
    words = texts.verification
    result = state.result
    return render(
        "verification.jinja",
        colour="unjudged",
        title=words.today_title,
        sentences=[words.stands if state.stands else words.unknown_number],
        code="",
        texts=texts,
        facts_title=words.recorded,
        facts=[] if result is None else _recorded_facts(result, state.report_id, texts),
        provenance=None if result is None else _provenance(result, texts),
        file="",
        today="",
        **_later(state.later, "image" if result is None else result.kind, texts),
    )


def _key(key: KeyDocument, finding: Finding, texts: Texts) -> str:
    """Return the sentence on the key of a report. A key that the report only names did not sign it."""
    is_mismatch = finding == "altered" and key.status != "unknown"
    time = "" if key.until is None else time_text(key.until, texts)
    return texts.verification.keys["mismatch" if is_mismatch else key.status].format(time=time, kid=key.kid)


def _verdict(verdict: Verdict | None, outcome: Outcome, texts: Texts) -> object:
    return verdict_pill(verdict, texts) if verdict is not None else texts.outcomes[outcome][0]


def _probability(fake_prob: float | None, texts: Texts) -> str:
    """Return a probability as on the page of the result, with the digits of the report to compare."""
    text = percent_text(fake_prob, texts)
    exact = number_text(fake_prob, texts)
    return text if fake_prob is None else texts.with_note.format(text=text, note=exact)


def _created(created: str, texts: Texts) -> str:
    """Return the time in a report. One that is no time stays as it is, because anyone can change a report."""
    try:
        return _utc(datetime.fromisoformat(created), texts)
    except (ValueError, OverflowError):
        return created


def _utc(moment: datetime, texts: Texts) -> str:
    """Return a time in UTC, to the second."""
    return f"{time_text(moment.astimezone(UTC), texts, seconds=True)} UTC"


def _report_facts(report: ReportStatement, texts: Texts) -> list[Fact]:
    names = texts.verification.facts
    facts: list[Fact] = [
        (names["verdict"], _verdict(report.shown_verdict, report.outcome, texts)),
        (names["fake_prob"], _probability(report.fake_prob, texts)),
        (names["created"], _created(report.created, texts)),
        (names["media"], report.media.sha256),
        (names["model"], f"{report.model.name} {report.model.version}"),
    ]
    if report.report is not None:
        optional = ((names["number"], report.report.id), (names["host"], report.report.host))
        facts += [(name, value) for name, value in optional if value is not None]
    return facts


def _recorded_facts(result: RecordedResult, number: str, texts: Texts) -> list[Fact]:
    names = texts.verification.facts
    return [
        (names["verdict"], _verdict(result.shown_verdict, result.outcome, texts)),
        (names["fake_prob"], _probability(result.fake_prob, texts)),
        (names["created"], _utc(result.created_at, texts)),
        (names["media"], result.media_sha256),
        (names["model"], f"{result.model.name} {result.model.version}"),
        (names["number"], number),
    ]


def _provenance(source: ReportStatement | RecordedResult, texts: Texts) -> ProvenanceView | None:
    provenance = None if source.provenance is None else source.provenance.to_result()
    return view_of(provenance, source.conflict, texts.provenance)


def _file(answer: VerifiedReport, texts: Texts) -> str:
    words = texts.verification
    if not answer.authentic:
        return ""
    if answer.media is None:
        return words.media_not_given
    return words.media_same if answer.media.matches else words.media_other


def _later(later: LaterFindings | None, kind: str, texts: Texts) -> dict[str, object]:
    """Return the tables of decisions and of later models, and the faces that wait for a decision."""
    decided: Sequence[DecidedFace] = ()
    if later is not None and later.decision is not None:
        decided = later.decision.faces
    waiting = [subject_name(number, kind, texts) for number in (later.waiting if later else ())]
    scores: list[Row] = [
        (
            f"{score.model.name} {score.model.version}",
            verdict_pill(score.verdict, texts),
            number_text(score.fake_prob, texts),
        )
        for score in (later.scores if later else ())
    ]
    return {
        "is_stored": later is not None,
        "decisions": [_decision(face, kind, texts) for face in decided],
        "waiting": texts.decision_waiting.format(faces=texts.list_separator.join(waiting)) if waiting else "",
        "later_columns": (
            texts.model_facts["model"],
            texts.columns["verdict"],
            texts.columns["fake_prob"],
        ),
        "later_scores": scores,
    }


def _decision(face: DecidedFace, kind: str, texts: Texts) -> Row:
    colour = face.value if face.value in ("real", "fake") else "inconclusive"
    label = render("pill.jinja", verdict=colour, phrase=texts.labels[face.value])
    if not face.exact:
        label = label + f" {texts.verification.decision_of_copy}"
    return subject_name(face.face, kind, texts), label, time_text(face.decided_at, texts)
