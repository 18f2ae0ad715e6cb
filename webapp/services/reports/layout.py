"""Pages of a report: its parts in order on A4 paper."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Spacer, Table

from laanet_core.inference.key_frames import Moment
from laanet_core.types import RGBImage
from webapp.services.reports import tables
from webapp.services.reports.content import Report
from webapp.services.reports.illustrations import photo, video
from webapp.services.reports.sections import BOTTOM, MARGIN, TABLE_ROOM, TOP, TOP_ALIGNED, WIDTH, section
from webapp.services.reports.text import (
    BODY,
    BRAND,
    COLOURS,
    MUTED,
    NOTE,
    RULE,
    SENTENCE,
    SMALL,
    TITLE,
    WASH,
    draw_text,
    paragraph,
    register_fonts,
)

_STABILITY_ROOM = 30 * mm


def build(report: Report, rgb: RGBImage | None, moments: Sequence[Moment]) -> bytes:
    """Return the PDF; equal inputs give equal bytes.

    `rgb` is the photo (H, W, 3) uint8 RGB, `moments` are the key frames of a video.
    """
    register_fonts()
    paper = io.BytesIO()
    frame = Frame(
        MARGIN,
        BOTTOM,
        WIDTH,
        A4[1] - TOP - BOTTOM,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    document = BaseDocTemplate(
        paper,
        pagesize=A4,
        pageTemplates=[PageTemplate(frames=[frame])],
        title=f"{report.texts.title}: {report.title()}",
        author="",
        subject="",
        creator=report.texts.title,
        lang=report.texts.code,
        invariant=1,
    )
    document.build(list(_story(report, rgb, moments)), canvasmaker=_canvas_maker(report))
    return paper.getvalue()


def _story(report: Report, rgb: RGBImage | None, moments: Sequence[Moment]) -> Iterator[Flowable]:
    """Yield all parts of the report in order."""
    texts = report.texts
    shown_faces = report.shown.faces
    yield from _opening(report)
    yield from _provenance(report)
    yield from section(texts.report.facts_title, tables.facts(report, WIDTH))
    if rgb is not None:
        yield from photo(report, rgb)
    if report.is_video:
        yield from video(report, moments)
    elif shown_faces:
        yield from section(texts.report.face_table, tables.faces(report, WIDTH), room=TABLE_ROOM)
    yield from _stability(report)
    if lines := report.reliability_lines():
        paragraphs = [paragraph(line, BODY) for line in lines]
        yield from section(texts.report.reliability_title, *paragraphs)
    yield from _limits(report)
    if report.is_video and shown_faces:
        yield from section(texts.report.frame_table, tables.frames(report, WIDTH), room=TABLE_ROOM)


def _opening(report: Report) -> Iterator[Flowable]:
    """Yield the title, the file's statement that AI made it, and the verdict with its explanation."""
    texts = report.texts
    summary = report.summary
    yield paragraph(texts.title, BRAND)
    yield paragraph(report.title(), TITLE)
    if report.provenance is not None and report.provenance.headline:
        stated: list[Flowable] = [paragraph(report.provenance.headline, SENTENCE), Spacer(0, 3)]
        yield _box([*stated, paragraph(report.provenance.help, BODY)], COLOURS["inconclusive"])
        yield Spacer(0, 6)
    sentences = summary.sentences(texts)
    probability = report.probability()
    if probability is not None:
        sentences.append(probability)
    parts: list[Flowable] = [paragraph(summary.title(texts), SENTENCE)]
    for sentence in sentences:
        parts += [Spacer(0, 3), paragraph(sentence, BODY)]
    if summary.error_code is not None:
        code = report.labelled(texts.error_code, summary.error_code)
        parts += [Spacer(0, 3), paragraph(code, SMALL)]
    yield _box(parts, COLOURS[report.shown.verdict])


def _box(parts: list[Flowable], colour: Color) -> Table:
    """Return a box with a coloured edge at the left."""
    box_style: list[Any] = [
        ("BACKGROUND", (0, 0), (-1, -1), WASH),
        ("LINEBEFORE", (0, 0), (0, -1), 4, colour),
    ]
    padding: list[Any] = [
        ("LEFTPADDING", (0, 0), (-1, -1), 12),
        ("TOPPADDING", (0, 0), (-1, -1), 8),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
    ]
    return Table([[parts]], colWidths=[WIDTH], style=[*box_style, *padding])


def _provenance(report: Report) -> Iterator[Flowable]:
    """Yield what the file says about its own origin, if it was read."""
    if report.provenance is not None:
        lines = [paragraph(sentence, BODY) for sentence in report.provenance.sentences]
        yield from section(report.provenance.title, *lines)


def _stability(report: Report) -> Iterator[Flowable]:
    """Yield the table of the stability check, and a sentence on the outcome for every face."""
    checked = report.checked()
    texts = report.texts
    if not checked:
        return
    help_text = texts.stability_help_clip if report.is_video else texts.stability_help
    parts: list[Flowable] = [paragraph(help_text, NOTE), Spacer(0, 3), tables.stability(report, WIDTH)]
    parts.append(Spacer(0, 3))
    for entry in checked:
        line = report.labelled(report.subject(entry.number), report.stability_conclusion(entry))
        parts.append(paragraph(line, BODY))
    yield from section(texts.report.stability_title, *parts, room=_STABILITY_ROOM)


def _limits(report: Report) -> Iterator[Flowable]:
    """Yield what the report can and cannot say."""
    points = [paragraph(text, BODY) for text in report.limits()]
    table = Table([["•", point] for point in points], colWidths=[10, WIDTH - 10])
    table.setStyle([*TOP_ALIGNED, ("BOTTOMPADDING", (0, 0), (-1, -1), 4)])
    yield from section(report.texts.report.limits_title, table)


def _canvas_maker(report: Report) -> Callable[..., Canvas]:
    """Return a canvas class that writes all pages at the end, when the number of pages is known."""
    created = report.created_utc.strftime("D:%Y%m%d%H%M%S+00'00'")

    class NumberedCanvas(Canvas):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.setDateFormatter(lambda *_: created)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # missing in the stubs

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                _draw_footer(self, report, number, len(self._pages))
                super().showPage()
            super().save()

    return NumberedCanvas


def _draw_footer(canvas: Canvas, report: Report, page: int, total: int) -> None:
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, BOTTOM - 6 * mm, A4[0] - MARGIN, BOTTOM - 6 * mm)
    canvas.setFillColor(MUTED)
    words = report.texts.report
    left = words.footer.format(sha256=report.media_sha256[:16], created=tables.created_text(report))
    draw_text(canvas, MARGIN, BOTTOM - 10 * mm, left)
    right = words.page.format(page=page, total=total)
    draw_text(canvas, A4[0] - MARGIN, BOTTOM - 10 * mm, right, align=1)
