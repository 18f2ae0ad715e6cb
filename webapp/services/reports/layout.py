"""Pages of a report: its parts in order on A4 paper."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reportlab.lib.colors import Color
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

from laanet_core.faces.face_scaling import faces_on
from laanet_core.inference.key_frames import Moment
from laanet_core.inference.unjudged_tracks import unjudged_tracks
from laanet_core.results import FaceResult, Verdict
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
from webapp.texts.formats import number_text

# Margins in points: left and right, top, bottom
_MARGIN = 18 * mm
_TOP = 16 * mm
_BOTTOM = 20 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_GAP = 4 * mm
# Greatest height of a picture in points
_PICTURE_HEIGHT = 95 * mm
# Cards (faces in close-up with a caption) per row
_CARDS = 3
# Width of a card in points
_CARD = (_WIDTH - (_CARDS - 1) * _GAP) / _CARDS
# Gap in points between the two images of a card: the face without and with its heatmap
_IMAGE_GAP = 2
# Side of each image in points
_FACE_SIDE = (_CARD - _IMAGE_GAP) / 2
# Height of a card's caption in points: two lines and their padding
_CAPTION = 34
# Greatest ratio of width to height of a key frame that fits half a row
_NARROW = 4 / 3
# Ratio of width to height above which an image and its heatmap are put below each other
_WIDE = 2
# Least room on a page in points for a table to begin there
_TABLE_ROOM = 20 * mm
_STABILITY_ROOM = 30 * mm
_NO_PADDING: list[Any] = [
    (f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")
]
_TOP_ALIGNED: list[Any] = [*_NO_PADDING, ("VALIGN", (0, 0), (-1, -1), "TOP")]


def build(report: Report, rgb: RGBImage | None, moments: Sequence[Moment]) -> bytes:
    """Return the PDF; equal inputs give equal bytes.

    `rgb` is the photo (H, W, 3) uint8 RGB, `moments` are the key frames of a video.
    """
    register_fonts()
    paper = io.BytesIO()
    frame = Frame(
        _MARGIN,
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
    texts = report.texts
    shown_faces = report.shown.faces
    yield from _opening(report)
    yield from _provenance(report)
    yield from _section(texts.report.facts_title, tables.facts(report, _WIDTH))
    if rgb is not None:
        yield from _photo(report, rgb)
    if report.is_video:
        yield from _video(report, moments)
    elif shown_faces:
        yield from _section(texts.report.face_table, tables.faces(report, _WIDTH), room=_TABLE_ROOM)
    yield from _stability(report)
    if lines := report.reliability_lines():
        paragraphs = [paragraph(line, BODY) for line in lines]
        yield from _section(texts.report.reliability_title, *paragraphs)
    yield from _limits(report)
    if report.is_video and shown_faces:
        yield from _section(texts.report.frame_table, tables.frames(report, _WIDTH), room=_TABLE_ROOM)


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
    return Table([[parts]], colWidths=[_WIDTH], style=[*box_style, *padding])


def _provenance(report: Report) -> Iterator[Flowable]:
    """Yield what the file says about its own origin, if it was read."""
    if report.provenance is not None:
        lines = [paragraph(sentence, BODY) for sentence in report.provenance.sentences]
        yield from _section(report.provenance.title, *lines)


def _photo(report: Report, rgb: RGBImage) -> Iterator[Flowable]:
    """Yield the photo (H, W, 3) uint8 RGB, its legend and its faces in close-up."""
    faces = faces_on(rgb, report.shown.faces, report.result.size)
    words = report.texts.report
    numbers = range(1, len(faces) + 1)
    captions = (words.photo_faces if faces else "", words.photo_heatmap)
    first, *others = _picture(rgb, faces, numbers, captions)
    yield from _section(words.photo, *first)
    yield from (KeepTogether([Spacer(0, 4), *figure]) for figure in others)
    yield from _legend(report, faces)
    pairs = zip(numbers, faces, strict=True)
    cards = [_card(rgb, face, report.subject(number), report) for number, face in pairs]
    if cards:
        yield from _section(words.face_crops, _cards(cards), room=_FACE_SIDE + _CAPTION)


def _video(report: Report, moments: Sequence[Moment]) -> Iterator[Flowable]:
    """Yield the table of persons, the chart over time, the key frames and the persons in close-up."""
    texts = report.texts
    if report.result.tracks or unjudged_tracks(report.result):
        table = tables.persons(report, _WIDTH)
        yield from _section(texts.report.person_table, table, room=_TABLE_ROOM)
    # With one segment per person, the table would repeat the table of persons.
    if len(report.result.segments) > len(report.result.tracks):
        table = tables.segments(report, _WIDTH)
        yield from _section(texts.report.segment_table, table, room=_TABLE_ROOM)
    if lines := _lines(report):
        yield from _section(texts.timeline, chart(lines, _zones(report), _WIDTH, texts))
    moments_by_time = sorted(moments, key=lambda moment: moment.time)
    rows = _moments(report, moments_by_time)
    if rows:
        yield from _section(texts.suspicious_moments, *rows[0])
    yield from (KeepTogether([Spacer(0, 6), *row]) for row in rows[1:])
    yield from _legend(report, [face for moment in moments_by_time for face in moment.faces])
    if cards := _persons(report, moments_by_time):
        yield from _section(texts.report.person_crops, _cards(cards), room=_FACE_SIDE + _CAPTION)


def _moments(report: Report, moments: Sequence[Moment]) -> list[list[Flowable]]:
    """Return rows of key frames: two frames per row if every frame fits half a row, else one."""
    in_pairs = all(_fits_half_row(moment) for moment in moments)
    width = (_WIDTH - _GAP) / 2 if in_pairs else _WIDTH
    figures: list[list[Flowable]] = []
    for moment in moments:
        numbers = [_person_number(face) for face in moment.faces]
        captions = (_time(moment, report), "")
        figures += _picture(moment.rgb, moment.faces, numbers, captions, width=width)
    if not in_pairs:
        return figures
    # Every key frame is one entry here, because none is wide: its image and its heatmap side by side.
    return [_side_by_side(*figures[start : start + 2], width=width) for start in range(0, len(figures), 2)]


def _fits_half_row(moment: Moment) -> bool:
    """Return whether a key frame is narrow and has a heatmap, which is placed beside it."""
    height, width = moment.rgb.shape[:2]
    return width <= _NARROW * height and _has_heatmap(moment.faces)


def _side_by_side(
    left: list[Flowable], right: list[Flowable] | None = None, *, width: float
) -> list[Flowable]:
    """Return two figures of `width` points beside each other; the right one may be missing."""
    return [Table([[left, "", right or ""]], colWidths=[width, _GAP, width], style=_TOP_ALIGNED)]


def _stability(report: Report) -> Iterator[Flowable]:
    """Yield the table of the stability check, and a sentence on the outcome for every face."""
    checked = report.checked()
    texts = report.texts
    if not checked:
        return
    help_text = texts.stability_help_clip if report.is_video else texts.stability_help
    parts: list[Flowable] = [paragraph(help_text, NOTE), Spacer(0, 3), tables.stability(report, _WIDTH)]
    parts.append(Spacer(0, 3))
    for entry in checked:
        line = report.labelled(report.subject(entry.number), report.stability_conclusion(entry))
        parts.append(paragraph(line, BODY))
    yield from _section(texts.report.stability_title, *parts, room=_STABILITY_ROOM)


def _limits(report: Report) -> Iterator[Flowable]:
    """Yield what the report can and cannot say."""
    points = [paragraph(text, BODY) for text in report.limits()]
    table = Table([["•", point] for point in points], colWidths=[10, _WIDTH - 10])
    table.setStyle([*_TOP_ALIGNED, ("BOTTOMPADDING", (0, 0), (-1, -1), 4)])
    yield from _section(report.texts.report.limits_title, table)


def _section(heading: str, *parts: Flowable, room: float = 0) -> Iterator[Flowable]:
    """Yield a heading and its parts, kept together on one page.

    If `room` is not 0, the parts may continue on further pages. The heading then begins on a page that has
    space for it and `room` more points.
    """
    head = paragraph(heading, HEADING)
    if room:
        yield CondPageBreak(HEADING.spaceBefore + HEADING.leading + HEADING.spaceAfter + room)
        yield from [head, *parts]
    else:
        yield KeepTogether([head, *parts])


def _picture(
    rgb: RGBImage,
    faces: Sequence[FaceResult],
    numbers: Sequence[int],
    captions: tuple[str, str],
    width: float = _WIDTH,
) -> list[list[Flowable]]:
    """Return an image (H, W, 3) uint8 RGB with boxes, and its heatmap if there is one, as entries.

    An entry is a list of flowables that is `width` points wide. Image and heatmap share one entry, side by
    side. If the image is wide, they form two entries. Without a heatmap there is one entry.
    """
    has_heatmap = _has_heatmap(faces)
    in_rows = rgb.shape[1] > _WIDE * rgb.shape[0] or not has_heatmap
    figure_width = width if in_rows else (width - _GAP) / 2
    boxed, heatmap = picture_pair(rgb, faces, numbers, figure_width, _PICTURE_HEIGHT)
    figures = [_captioned(boxed, captions[0])]
    if has_heatmap:
        figures.append(_captioned(heatmap, captions[1]))
    return figures if in_rows else [_side_by_side(*figures, width=figure_width)]


def _captioned(figure: Flowable, caption: str) -> list[Flowable]:
    return [figure, Spacer(0, 2), paragraph(caption, NOTE)] if caption else [figure]


def _has_heatmap(faces: Sequence[FaceResult]) -> bool:
    return any(face.heatmap is not None for face in faces)


def _legend(report: Report, faces: Sequence[FaceResult]) -> list[Flowable]:
    if not faces:
        return []
    parts = [Spacer(0, 4), paragraph(report.texts.report.line_legend, NOTE)]
    if _has_heatmap(faces):
        parts.append(paragraph(report.texts.heat_legend, NOTE))
    return parts


def _card(rgb: RGBImage, face: FaceResult, name: str, report: Report) -> list[Flowable]:
    """Return one face of an image (H, W, 3) in close-up, with and without heatmap, and its verdict."""
    plain, with_heatmap = crop_pair(rgb, face, _FACE_SIDE)
    crops = Table(
        [[plain, with_heatmap or ""]],
        colWidths=[_FACE_SIDE + _IMAGE_GAP, _FACE_SIDE],
        hAlign="LEFT",
        style=_NO_PADDING,
    )
    caption = report.texts.report.crop_caption.format(
        name=name,
        verdict=report.verdict(face.verdict, not_judged=face.not_judged),
        number=number_text(face.fake_prob, report.texts),
    )
    return [crops, Spacer(0, 2), paragraph(caption, SMALL)]


def _cards(cards: Sequence[list[Flowable]]) -> Table:
    """Return cards in rows of _CARDS; empty cells fill up the last row."""
    empty_cells = -len(cards) % _CARDS
    cells: list[Any] = [*cards, *([""] * empty_cells)]
    rows = [cells[start : start + _CARDS] for start in range(0, len(cells), _CARDS)]
    style = [*_TOP_ALIGNED, ("BOTTOMPADDING", (0, 0), (-1, -1), 8)]
    return Table([_gapped(row) for row in rows], colWidths=_gapped_widths(), style=style)


def _gapped_widths() -> list[float]:
    """Return the widths of a row of cards with gaps between them, in points."""
    return [_CARD, *([_GAP, _CARD] * (_CARDS - 1))]


def _gapped(row: Sequence[Any]) -> list[Any]:
    """Return the cells with an empty cell between each two neighbours."""
    first, *others = row
    cells = [first]
    for cell in others:
        cells += ["", cell]
    return cells


def _persons(report: Report, moments: Sequence[Moment]) -> list[list[Flowable]]:
    """Return a card for every person, from the key frame with the person's highest fake probability."""
    best: dict[int, tuple[Moment, FaceResult]] = {}
    for moment in moments:
        for face in moment.faces:
            number = _person_number(face)
            best_so_far = best.get(number)
            if best_so_far is None or _suspicion(face) > _suspicion(best_so_far[1]):
                best[number] = (moment, face)
    return [
        _card(moment.rgb, face, _person_at(number, moment, report), report)
        for number, (moment, face) in sorted(best.items())
    ]


def _person_at(number: int, moment: Moment, report: Report) -> str:
    return report.texts.report.person_at.format(person=report.subject(number), moment=_time(moment, report))


def _time(moment: Moment, report: Report) -> str:
    return report.texts.seconds.format(seconds=number_text(moment.time, report.texts, 2))


def _suspicion(face: FaceResult) -> float:
    return -1.0 if face.fake_prob is None else face.fake_prob


def _lines(report: Report) -> list[Line]:
    """Return the scores of every person over time."""
    points: dict[int, list[tuple[float, float]]] = {}
    for face in report.result.faces:
        if face.time is not None and face.fake_prob is not None:
            points.setdefault(_person_number(face), []).append((face.time, face.fake_prob))
    return [Line(report.subject(number), tuple(sorted(points[number]))) for number in sorted(points)]


def _zones(report: Report) -> list[Zone]:
    """Return the ranges of fake probability of the three verdicts."""
    real_below = report.decision.real_below
    fake_above = report.decision.fake_above
    bounds: list[tuple[Verdict, float, float]] = [
        ("real", 0, real_below),
        ("inconclusive", real_below, fake_above),
        ("fake", fake_above, 1),
    ]
    return [
        Zone(report.verdict(verdict), hex_code(COLOURS[verdict]), low, high) for verdict, low, high in bounds
    ]


def _person_number(face: FaceResult) -> int:
    return (face.track or 0) + 1


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
    canvas.line(_MARGIN, _BOTTOM - 6 * mm, A4[0] - _MARGIN, _BOTTOM - 6 * mm)
    canvas.setFillColor(MUTED)
    words = report.texts.report
    left = words.footer.format(sha256=report.media_sha256[:16], created=tables.created_text(report))
    draw_text(canvas, _MARGIN, _BOTTOM - 10 * mm, left)
    right = words.page.format(page=page, total=total)
    draw_text(canvas, A4[0] - _MARGIN, _BOTTOM - 10 * mm, right, align=1)
