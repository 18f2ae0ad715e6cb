"""The tables of a report: facts, faces, persons, and every face of every frame."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from laanet_core.results import FaceResult, Verdict, number_text, size_text
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

_VERDICTS = {verdict: style(f"verdict-{verdict}", 8, colour=colour) for verdict, colour in COLOURS.items()}
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


def facts(report: Report, width: float) -> Table:
    """What was judged, and by what."""
    words, decision, model = report.words, report.decision, report.result.model
    temperature = number_text(decision.temperature)
    rows = {
        "created": created_text(report),
        "media": report.media_sha256,
        "kind": words["kind_and_size"].format(kind=report.kind(), size=report.size()),
        "model": words["model"].format(name=model.name, version=model.version),
        "weights": model.sha256,
        "real_below": number_text(decision.real_below),
        "fake_above": number_text(decision.fake_above),
        "temperature": temperature
        if decision.calibrated
        else words["not_calibrated"].format(number=temperature),
        "min_face_size": words["pixels"].format(number=decision.min_face_size),
        **({"notice": report.notice} if report.notice else {}),
    }
    cells = [[paragraph(words[f"fact.{key}"], NOTE), paragraph(value, SMALL)] for key, value in rows.items()]
    table = Table(cells, colWidths=[50 * mm, width - 50 * mm])
    table.setStyle(_RULED)
    return table


def faces(report: Report, width: float) -> Flowable:
    """Every face of a photo, numbered as in the picture."""
    rows: list[list[str | Paragraph]] = [
        [str(number), *_judged(report, face.verdict, face.fake_prob, face.fake_logit), *_found(face)]
        for number, face in enumerate(report.shown.faces, start=1)
    ]
    return _table(
        report, ("face", "verdict", "fake_prob", "fake_logit", "detection_prob", "size"), rows, width
    )


def persons(report: Report, width: float) -> Flowable:
    """Every person of a clip, over all of its judged frames."""
    rows: list[list[str | Paragraph]] = [
        [
            str(track.track + 1),
            *_judged(report, track.verdict, track.fake_prob, track.fake_logit),
            str(track.frames),
        ]
        for track in report.result.tracks
    ]
    return _table(report, ("person", "verdict", "fake_prob", "fake_logit", "frames"), rows, width)


def frames(report: Report, width: float) -> Flowable:
    """Every face on every frame of a clip, in the order of the JSON."""
    rows: list[list[str | Paragraph]] = [
        [
            _time(face),
            _person(face),
            *_judged(report, face.verdict, face.fake_prob, face.fake_logit),
            *_found(face),
        ]
        for face in report.shown.faces
    ]
    return _table(
        report,
        ("time", "person", "verdict", "fake_prob", "fake_logit", "detection_prob", "size"),
        rows,
        width,
    )


def trial(report: Report, width: float) -> Flowable:
    """Every face that was judged again: its score and verdict as given and after each change."""
    tried = report.tried()
    subject = "person" if report.result.kind == "video" else "face"
    rows: list[list[str | Paragraph]] = [
        [
            str(number),
            _scored(report, face.fake_prob, face.verdict),
            *(_scored(report, variant.fake_prob, variant.verdict) for variant in stability.variants),
        ]
        for number, face, stability in tried
    ]
    changes = [f"change.{name}" for name in ("original", *(variant.name for variant in tried[0][2].variants))]
    return _table(report, (subject, *changes), rows, width)


def _scored(report: Report, fake_prob: float | None, verdict: Verdict | None) -> Paragraph:
    return paragraph(f"{number_text(fake_prob)} {report.verdict(verdict)}", _VERDICTS[verdict])


def created_text(report: Report) -> str:
    return report.created_utc.strftime("%Y-%m-%d %H:%M:%S UTC")


def _judged(
    report: Report, verdict: Verdict | None, fake_prob: float | None, fake_logit: float | None
) -> tuple[Paragraph, str, str]:
    return (
        paragraph(report.verdict(verdict), _VERDICTS[verdict]),
        number_text(fake_prob),
        number_text(fake_logit),
    )


def _found(face: FaceResult) -> tuple[str, str]:
    return number_text(face.detection_prob), size_text(face.box)


def _time(face: FaceResult) -> str:
    return "–" if face.time is None else f"{face.time:.3f}"


def _person(face: FaceResult) -> str:
    return "–" if face.track is None else str(face.track + 1)


def _table(
    report: Report, columns: Sequence[str], rows: Sequence[Sequence[str | Paragraph]], width: float
) -> Table:
    """Ruled, its head repeated on every page it reaches; the verdict's column is twice as wide as the others."""
    head = [
        paragraph(report.words[column if "." in column else f"column.{column}"], HEAD) for column in columns
    ]
    shares = [
        0.8 if column in ("face", "person") else 1.7 if column == "verdict" else 1.0 for column in columns
    ]
    table = Table(
        [head, *map(list, rows)], colWidths=[width * share / sum(shares) for share in shares], repeatRows=1
    )
    table.setStyle(_RULED)
    table.setStyle(_HEADED)
    return table
