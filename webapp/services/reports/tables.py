"""Tables of a report: facts, faces, persons, stability, and every face of every frame."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from laanet_core.inference.unjudged_tracks import unjudged_tracks
from laanet_core.results import FaceResult, NotJudgedReason, Verdict, size_text
from webapp.services.reports.content import Report
from webapp.services.reports.text import (
    COLOURS,
    HEAD,
    INK,
    MUTED,
    NOTE,
    RULE,
    SANS,
    SMALL,
    WASH,
    paragraph,
    style,
)
from webapp.texts.formats import number_text, time_text
from webapp.texts.sentences import segment_times

# Width of the column of names, in points
_FACT_NAME_WIDTH = 55 * mm
_VERDICTS = {verdict: style(f"verdict-{verdict}", 8, colour=colour) for verdict, colour in COLOURS.items()}
# Column widths relative to a column of scores
_NUMBER_SHARE = 0.8
_SHARES = {"face": _NUMBER_SHARE, "person": _NUMBER_SHARE, "verdict": 1.7}
_RULED = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 5),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
    ]
)
_HEADED = TableStyle(
    [
        ("BACKGROUND", (0, 0), (-1, 0), WASH),
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, MUTED),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, MUTED),
        ("FONT", (0, 1), (-1, -1), SANS, 8),
        ("TEXTCOLOR", (0, 1), (-1, -1), INK),
    ]
)


def _identity_facts(report: Report) -> dict[str, str]:
    """Return the number of a signed report and the address that checks it, as far as they are known."""
    identity = report.identity
    if identity is None:
        return {}
    values = {"number": identity.number, "page": identity.page(report.texts)}
    return {name: value for name, value in values.items() if value is not None}


def facts(report: Report, width: float) -> Table:
    """Return the table of facts about the file, the model and the thresholds; `width` is in points."""
    texts = report.texts
    decision = report.decision
    model = report.result.model
    temperature = number_text(decision.temperature, texts)
    if not decision.calibrated:
        temperature = texts.with_note.format(text=temperature, note=texts.not_calibrated)
    names = {**texts.model_facts, **texts.report.facts}
    values = {
        "created": created_text(report),
        "media": report.media_sha256,
        "kind": texts.report.kind_and_size.format(kind=report.kind(), size=report.size()),
        "model": texts.report.model.format(name=model.name, version=model.version),
        "weights": model.sha256,
        "real_below": number_text(decision.real_below, texts),
        "fake_above": number_text(decision.fake_above, texts),
        "temperature": temperature,
        "min_face_size": texts.pixels.format(count=decision.min_face_size),
    }
    values.update(_identity_facts(report))
    if report.notice:
        values["notice"] = report.notice
    cells = [[paragraph(names[key], NOTE), paragraph(value, SMALL)] for key, value in values.items()]
    table = Table(cells, colWidths=[_FACT_NAME_WIDTH, width - _FACT_NAME_WIDTH])
    table.setStyle(_RULED)
    return table


def faces(report: Report, width: float) -> Flowable:
    """Return the table of a photo's faces, numbered as in the picture; `width` is in points."""
    rows: list[list[str | Paragraph]] = [
        [str(number), *_judged_face(report, face), *_detection(report, face)]
        for number, face in enumerate(report.shown.faces, start=1)
    ]
    return _table(
        report, ("face", "verdict", "fake_prob", "fake_logit", "detection_prob", "size"), rows, width
    )


def persons(report: Report, width: float) -> Flowable:
    """Return the table of a video's persons, over all judged frames; `width` is in points."""
    persons: dict[int, list[str | Paragraph]] = {}
    for track in report.result.tracks:
        cells = _judged(report, track.verdict, track.fake_prob, track.fake_logit)
        persons[track.track] = [str(track.track + 1), *cells, str(track.frames)]
    for unjudged in unjudged_tracks(report.result):
        cells = _judged(report, None, None, None, not_judged=unjudged.reason)
        persons[unjudged.track] = [str(unjudged.track + 1), *cells, "0"]
    rows = [persons[track] for track in sorted(persons)]
    return _table(report, ("person", "verdict", "fake_prob", "fake_logit", "frames"), rows, width)


def segments(report: Report, width: float) -> Flowable:
    """Return the table of the segments of a video in which a person's verdict stays the same."""
    rows: list[list[str | Paragraph]] = [
        [
            str(segment.track + 1),
            paragraph(segment_times(segment, report.texts), SMALL),
            *_judged(report, segment.verdict, segment.fake_prob, segment.fake_logit),
            str(segment.frames),
        ]
        for segment in report.result.segments
    ]
    columns = ("person", "segment", "verdict", "fake_prob", "fake_logit", "frames")
    return _table(report, columns, rows, width)


def frames(report: Report, width: float) -> Flowable:
    """Return the table of all faces in all frames of a video, in the order of the JSON."""
    rows: list[list[str | Paragraph]] = [
        [
            number_text(face.time, report.texts, 3),
            _person(face),
            *_judged_face(report, face),
            *_detection(report, face),
        ]
        for face in report.shown.faces
    ]
    return _table(
        report,
        ("time", "person", "verdict", "fake_prob", "fake_logit", "detection_prob", "size"),
        rows,
        width,
    )


def stability(report: Report, width: float) -> Flowable:
    """Return the table of each checked face's score and verdict, for the original and each variant."""
    checked = report.checked()
    texts = report.texts
    rows: list[list[str | Paragraph]] = []
    for entry in checked:
        cells: list[str | Paragraph] = [str(entry.number)]
        cells.append(_score(report, entry.face.fake_prob, entry.face.verdict))
        cells += [_score(report, variant.fake_prob, variant.verdict) for variant in entry.stability.variants]
        rows.append(cells)
    subject = texts.columns["person" if report.is_video else "face"]
    variants = [texts.stability_names[variant.name] for variant in checked[0].stability.variants]
    heads = [subject, texts.stability_names["original"], *variants]
    return _headed_table(heads, [_NUMBER_SHARE, *[1.0] * (len(heads) - 1)], rows, width)


def _score(report: Report, fake_prob: float | None, verdict: Verdict | None) -> Paragraph:
    phrase = report.verdict(verdict, not_judged="too_small")
    return paragraph(f"{number_text(fake_prob, report.texts)} {phrase}", _VERDICTS[verdict])


def created_text(report: Report) -> str:
    """Return the time of the report in words."""
    return f"{time_text(report.created_utc, report.texts, seconds=True)} UTC"


def _judged(
    report: Report,
    verdict: Verdict | None,
    fake_prob: float | None,
    fake_logit: float | None,
    *,
    not_judged: NotJudgedReason | None = None,
) -> tuple[Paragraph, str, str]:
    phrase = report.verdict(verdict, not_judged=not_judged)
    return (
        paragraph(phrase, _VERDICTS[verdict]),
        number_text(fake_prob, report.texts),
        number_text(fake_logit, report.texts),
    )


def _judged_face(report: Report, face: FaceResult) -> tuple[Paragraph, str, str]:
    return _judged(report, face.verdict, face.fake_prob, face.fake_logit, not_judged=face.not_judged)


def _detection(report: Report, face: FaceResult) -> tuple[str, str]:
    return number_text(face.detection_prob, report.texts), size_text(face.box)


def _person(face: FaceResult) -> str:
    return "–" if face.track is None else str(face.track + 1)


def _table(
    report: Report, columns: Sequence[str], rows: Sequence[Sequence[str | Paragraph]], width: float
) -> Table:
    """Return a table whose heads are the texts for `columns`; `width` is in points."""
    shares = [_SHARES.get(column, 1.0) for column in columns]
    return _headed_table([report.texts.columns[column] for column in columns], shares, rows, width)


def _headed_table(
    heads: Sequence[str],
    shares: Sequence[float],
    rows: Sequence[Sequence[str | Paragraph]],
    width: float,
) -> Table:
    """Return a table whose head repeats on every page.

    `shares` are relative column widths, `width` is in points.
    """
    cells: list[list[str | Paragraph]] = [[paragraph(head, HEAD) for head in heads]]
    cells += [list(row) for row in rows]
    table = Table(cells, colWidths=[width * share / sum(shares) for share in shares], repeatRows=1)
    table.setStyle(_RULED)
    table.setStyle(_HEADED)
    return table
