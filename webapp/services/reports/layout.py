"""The pages of a report: its parts in their order on A4 paper."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Spacer,
    Table,
)

from laanet_core.inference.key_frames import Moment
from laanet_core.results import FaceResult, Verdict, number_text
from laanet_core.types import RGBImage
from webapp.services.reports import tables
from webapp.services.reports.chart import Line, Zone, chart
from webapp.services.reports.content import Report
from webapp.services.reports.figures import crop_pair, picture_pair
from webapp.services.reports.text import (
    BODY,
    BRAND,
    COLOURS,
    HEADING,
    MUTED,
    NOTE,
    RULE,
    SENTENCE,
    SMALL,
    TITLE,
    WASH,
    draw_text,
    hex_code,
    paragraph,
    register_fonts,
)

_SIDE, _TOP, _BOTTOM = 18 * mm, 16 * mm, 20 * mm  # margins
_WIDTH = A4[0] - 2 * _SIDE
_GAP = 4 * mm
_CARDS = 3  # faces beside each other
_CARD = (_WIDTH - (_CARDS - 1) * _GAP) / _CARDS
_SIDE_OF_FACE = (_CARD - 2) / 2  # with and without its heatmap
_NARROW = 4 / 3  # width to height of the widest frames of which two moments stand beside each other
_BARE: list[Any] = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]


def build(report: Report, rgb: RGBImage | None, moments: Sequence[Moment]) -> bytes:
    """The whole PDF; equal inputs give equal bytes."""
    register_fonts()
    paper = io.BytesIO()
    frame = Frame(
        _SIDE,
        _BOTTOM,
        _WIDTH,
        A4[1] - _TOP - _BOTTOM,
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
    texts, result = report.texts, report.shown
    yield from _opening(report)
    yield from _section(texts.report.facts_title, tables.facts(report, _WIDTH))
    if rgb is not None:
        yield from _photo(report, rgb)
    if report.is_video:
        yield from _video(report, moments)
    elif result.faces:
        yield from _section(texts.report.face_table, tables.faces(report, _WIDTH), room=20 * mm)
    yield from _stability(report)
    if lines := report.reliability_lines():
        paragraphs = [paragraph(line, BODY) for line in lines]
        yield from _section(texts.report.reliability_title, *paragraphs)
    yield from _limits(report)
    if report.is_video and result.faces:
        yield from _section(texts.report.frame_table, tables.frames(report, _WIDTH), room=20 * mm)


def _opening(report: Report) -> Iterator[Flowable]:
    """Yield the title and the box with the verdict and its explanation."""
    texts, summary = report.texts, report.summary
    yield paragraph(texts.title, BRAND)
    yield paragraph(report.title(), TITLE)
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
    colour = COLOURS[report.shown.verdict]
    look: list[Any] = [("BACKGROUND", (0, 0), (-1, -1), WASH), ("LINEBEFORE", (0, 0), (0, -1), 4, colour)]
    pads: list[Any] = [
        ("LEFTPADDING", (0, 0), (-1, -1), 12),
        ("TOPPADDING", (0, 0), (-1, -1), 8),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
    ]
    yield Table([[parts]], colWidths=[_WIDTH], style=[*look, *pads])


def _photo(report: Report, rgb: RGBImage) -> Iterator[Flowable]:
    """Yield the photo (H, W, 3) uint8 RGB, its legend and its faces in close-up."""
    faces, words = report.shown.faces, report.texts.report
    numbers = range(1, len(faces) + 1)
    captions = (words.photo_faces if faces else "", words.photo_heatmap)
    first, *others = _picture(rgb, faces, numbers, captions)
    yield from _section(words.photo, *first)
    yield from (KeepTogether([Spacer(0, 4), *figure]) for figure in others)
    yield from _legend(report, faces)
    pairs = zip(numbers, faces, strict=True)
    cards = [_card(rgb, face, report.subject(number), report) for number, face in pairs]
    if cards:
        yield from _section(words.face_crops, _cards(cards), room=_SIDE_OF_FACE + 34)


def _video(report: Report, moments: Sequence[Moment]) -> Iterator[Flowable]:
    """Yield the table of persons, the chart over time, the key frames and the persons in close-up."""
    texts = report.texts
    if report.result.tracks:
        table = tables.persons(report, _WIDTH)
        yield from _section(texts.report.person_table, table, room=20 * mm)
    if lines := _lines(report):
        yield from _section(
            texts.timeline, chart(lines, _zones(report), _WIDTH, axis=texts.report.timeline_axis)
        )
    shown = sorted(moments, key=lambda moment: moment.time)
    rows = _moments(report, shown)
    if rows:
        yield from _section(texts.suspicious_moments, *rows[0])
    yield from (KeepTogether([Spacer(0, 6), *row]) for row in rows[1:])
    yield from _legend(report, [face for moment in shown for face in moment.faces])
    if cards := _persons(report, shown):
        yield from _section(texts.report.person_crops, _cards(cards), room=_SIDE_OF_FACE + 34)


def _moments(report: Report, shown: Sequence[Moment]) -> list[list[Flowable]]:
    """The moments' pictures in rows: two moments beside each other where their pictures are about as high as wide, else one."""
    narrow = all(
        moment.rgb.shape[1] <= _NARROW * moment.rgb.shape[0] and _heated(moment.faces) for moment in shown
    )
    width = (_WIDTH - _GAP) / 2 if narrow else _WIDTH
    figures = [
        figure
        for moment in shown
        for figure in _picture(
            moment.rgb,
            moment.faces,
            [_person(face) for face in moment.faces],
            (_time(moment, report), ""),
            width,
        )
    ]
    if not narrow:
        return figures
    pairs = [figures[start : start + 2] for start in range(0, len(figures), 2)]
    look = [*_BARE, ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return [
        [Table([[pair[0], "", pair[1] if len(pair) > 1 else ""]], colWidths=[width, _GAP, width], style=look)]
        for pair in pairs
    ]


def _stability(report: Report) -> Iterator[Flowable]:
    """Yield the table of the stability check and its outcome for every face."""
    checked, texts = report.checked(), report.texts
    if not checked:
        return
    help_text = texts.stability_help_clip if report.is_video else texts.stability_help
    parts: list[Flowable] = [paragraph(help_text, NOTE), Spacer(0, 3), tables.stability(report, _WIDTH)]
    parts.append(Spacer(0, 3))
    for entry in checked:
        line = report.labelled(report.subject(entry.number), report.stability_conclusion(entry))
        parts.append(paragraph(line, BODY))
    yield from _section(texts.stability, *parts, room=30 * mm)


def _limits(report: Report) -> Iterator[Flowable]:
    """Yield what the report can and cannot say."""
    points = [paragraph(text, BODY) for text in report.texts.report.limits]
    table = Table([["•", point] for point in points], colWidths=[10, _WIDTH - 10])
    table.setStyle([*_BARE, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 4)])
    yield from _section(report.texts.report.limits_title, table)


def _section(heading: str | None, *parts: Flowable, room: float = 0) -> Iterator[Flowable]:
    """A heading and what it heads, on one page; with `room`, parts that may cross pages but begin where that many points are left."""
    head = [paragraph(heading, HEADING)] if heading else [Spacer(0, 6)]
    if room:
        yield CondPageBreak(HEADING.spaceBefore + HEADING.leading + HEADING.spaceAfter + room)
        yield from [*head, *parts]
    else:
        yield KeepTogether([*head, *parts])


def _picture(
    rgb: RGBImage,
    faces: Sequence[FaceResult],
    numbers: Sequence[int],
    captions: tuple[str, str],
    room: float = _WIDTH,
) -> list[list[Flowable]]:
    """A picture with its boxes and, where there is one, its heatmap: side by side, or one above the other (two entries) when wide."""
    heated = _heated(faces)
    stacked = rgb.shape[1] > 2 * rgb.shape[0] or not heated
    width = room if stacked else (room - _GAP) / 2
    pair = picture_pair(rgb, faces, numbers, width, 95 * mm)[: 1 + heated]
    notes = [[Spacer(0, 2), paragraph(caption, NOTE)] if caption else [] for caption in captions]
    figures: list[list[Flowable]] = [[drawn, *note] for drawn, note in zip(pair, notes, strict=False)]
    if stacked:
        return figures
    look = [*_BARE, ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return [[Table([[figures[0], "", figures[1]]], colWidths=[width, _GAP, width], style=look)]]


def _heated(faces: Sequence[FaceResult]) -> bool:
    return any(face.heatmap is not None for face in faces)


def _legend(report: Report, faces: Sequence[FaceResult]) -> list[Flowable]:
    if not faces:
        return []
    lines = [report.texts.report.line_legend, *([report.texts.heat_legend] if _heated(faces) else [])]
    return [Spacer(0, 4), *(paragraph(line, NOTE) for line in lines)]


def _card(rgb: RGBImage, face: FaceResult, name: str, report: Report) -> list[Flowable]:
    """One face up close, with and without its heatmap, and what was said of it."""
    plain, heated = crop_pair(rgb, face, _SIDE_OF_FACE)
    pictures = Table(
        [[plain, heated or ""]], colWidths=[_SIDE_OF_FACE + 2, _SIDE_OF_FACE], hAlign="LEFT", style=_BARE
    )
    caption = report.texts.report.crop_caption.format(
        name=name, verdict=report.verdict(face.verdict), number=number_text(face.fake_prob)
    )
    return [pictures, Spacer(0, 2), paragraph(caption, SMALL)]


def _cards(cards: Sequence[list[Flowable]]) -> Table:
    cells: list[Any] = [*cards, *([""] * (-len(cards) % _CARDS))]
    rows = [cells[start : start + _CARDS] for start in range(0, len(cells), _CARDS)]
    style = [*_BARE, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 8)]
    return Table([_gapped(row) for row in rows], colWidths=[_CARD, _GAP, _CARD, _GAP, _CARD], style=style)


def _gapped(row: Sequence[Any]) -> list[Any]:
    return [cell for place, entry in enumerate(row) for cell in ((entry,) if place == 0 else ("", entry))]


def _persons(report: Report, moments: Sequence[Moment]) -> list[list[Flowable]]:
    """A card for every person seen at one of the moments, at the one where it looks most suspicious."""
    best: dict[int, tuple[Moment, FaceResult]] = {}
    for moment in moments:
        for face in moment.faces:
            known = best.get(_person(face))
            if known is None or _suspicion(face) > _suspicion(known[1]):
                best[_person(face)] = (moment, face)
    return [
        _card(moment.rgb, face, _person_at(number, moment, report), report)
        for number, (moment, face) in sorted(best.items())
    ]


def _person_at(number: int, moment: Moment, report: Report) -> str:
    return report.texts.report.person_at.format(person=report.subject(number), moment=_time(moment, report))


def _time(moment: Moment, report: Report) -> str:
    return report.texts.seconds.format(seconds=f"{moment.time:.2f}")


def _suspicion(face: FaceResult) -> float:
    return -1.0 if face.fake_prob is None else face.fake_prob


def _lines(report: Report) -> list[Line]:
    points: dict[int, list[tuple[float, float]]] = {}
    for face in report.result.faces:
        if face.time is not None and face.fake_prob is not None:
            points.setdefault(_person(face), []).append((face.time, face.fake_prob))
    return [Line(report.subject(number), tuple(sorted(points[number]))) for number in sorted(points)]


def _zones(report: Report) -> list[Zone]:
    real_below, fake_above = report.decision.real_below, report.decision.fake_above
    bounds: list[tuple[Verdict, float, float]] = [
        ("real", 0, real_below),
        ("inconclusive", real_below, fake_above),
        ("fake", fake_above, 1),
    ]
    return [
        Zone(report.verdict(verdict), hex_code(COLOURS[verdict]), low, high) for verdict, low, high in bounds
    ]


def _person(face: FaceResult) -> int:
    return (face.track or 0) + 1


def _canvas_maker(report: Report) -> Callable[..., Canvas]:
    """Makes the canvas, whose pages wait to be written until it is known how many they are."""
    made = report.created_utc

    class Numbered(Canvas):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.setDateFormatter(lambda *_: made.strftime("D:%Y%m%d%H%M%S+00'00'"))
            self._waiting: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._waiting.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # left out of its stubs

        def save(self) -> None:
            for number, page in enumerate(self._waiting, start=1):
                self.__dict__.update(page)
                _draw_footer(self, report, number, len(self._waiting))
                super().showPage()
            super().save()

    return Numbered


def _draw_footer(canvas: Canvas, report: Report, page: int, total: int) -> None:
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.5)
    canvas.line(_SIDE, _BOTTOM - 6 * mm, A4[0] - _SIDE, _BOTTOM - 6 * mm)
    canvas.setFillColor(MUTED)
    words = report.texts.report
    left = words.footer.format(sha256=report.media_sha256[:16], created=tables.created_text(report))
    draw_text(canvas, _SIDE, _BOTTOM - 10 * mm, left)
    right = words.page.format(page=page, total=total)
    draw_text(canvas, A4[0] - _SIDE, _BOTTOM - 10 * mm, right, align=1)
