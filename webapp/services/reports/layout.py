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
from webapp.services.reports.chart import Chart, Line, Zone
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
        title=f"{report.words['brand']}: {report.title()}",
        author="",
        subject="",
        creator=report.words["brand"],
        lang=report.words["language"],
        invariant=1,
    )
    document.build(list(_story(report, rgb, moments)), canvasmaker=_canvas_maker(report))
    return paper.getvalue()


def _story(report: Report, rgb: RGBImage | None, moments: Sequence[Moment]) -> Iterator[Flowable]:
    words, result = report.words, report.shown
    yield from _opening(report)
    yield from _section(words["facts"], tables.facts(report, _WIDTH))
    if rgb is not None:
        yield from _photo(report, rgb)
    if result.kind == "video":
        yield from _clip(report, moments)
    elif result.faces:
        yield from _section(words["table.faces"], tables.faces(report, _WIDTH), room=20 * mm)
    yield from _trial(report)
    if measured := report.measured():
        yield from _section(words["reliability.title"], *(paragraph(line, BODY) for line in measured))
    yield from _limits(report)
    if result.kind == "video" and result.faces:
        yield from _section(words["table.frames"], tables.frames(report, _WIDTH), room=20 * mm)


def _opening(report: Report) -> Iterator[Flowable]:
    yield paragraph(report.words["brand"], BRAND)
    yield paragraph(report.title(), TITLE)
    said: list[Flowable] = [
        paragraph(report.outcome(), SENTENCE),
        Spacer(0, 3),
        paragraph(report.explanation(), BODY),
    ]
    for sentence in report.additions():
        said += [Spacer(0, 3), paragraph(sentence, BODY)]
    probability = report.probability()
    if probability is not None:
        said += [Spacer(0, 3), paragraph(probability, BODY)]
    if report.result.error is not None:
        said += [Spacer(0, 3), paragraph(report.words["code"].format(code=report.result.error.code), SMALL)]
    colour = COLOURS[report.shown.verdict]
    look: list[Any] = [("BACKGROUND", (0, 0), (-1, -1), WASH), ("LINEBEFORE", (0, 0), (0, -1), 4, colour)]
    pads: list[Any] = [
        ("LEFTPADDING", (0, 0), (-1, -1), 12),
        ("TOPPADDING", (0, 0), (-1, -1), 8),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
    ]
    yield Table([[said]], colWidths=[_WIDTH], style=[*look, *pads])


def _photo(report: Report, rgb: RGBImage) -> Iterator[Flowable]:
    faces = report.shown.faces
    numbers = range(1, len(faces) + 1)
    words = report.words
    captions = (words["picture.found"] if faces else "", words["picture.heat"])
    first, *others = _picture(rgb, faces, numbers, captions)
    yield from _section(words["picture"], *first)
    yield from (KeepTogether([Spacer(0, 4), *figure]) for figure in others)
    yield from _legend(report, faces)
    cards = [
        _card(rgb, face, words["face"].format(number=number), report)
        for number, face in zip(numbers, faces, strict=True)
    ]
    if cards:
        yield from _section(words["faces"], _cards(cards), room=_SIDE_OF_FACE + 34)


def _clip(report: Report, moments: Sequence[Moment]) -> Iterator[Flowable]:
    words, result = report.words, report.result
    if result.tracks:
        yield from _section(words["table.persons"], tables.persons(report, _WIDTH), room=20 * mm)
    if lines := _lines(report):
        yield from _section(
            words["timeline"], Chart(lines, _zones(report), _WIDTH, axis=words["timeline.seconds"])
        )
    shown = sorted(moments, key=lambda moment: moment.time)
    rows = _moments(report, shown)
    if rows:
        yield from _section(words["moments"], *rows[0])
    yield from (KeepTogether([Spacer(0, 6), *row]) for row in rows[1:])
    yield from _legend(report, [face for moment in shown for face in moment.faces])
    if cards := _persons(report, shown):
        yield from _section(words["persons"], _cards(cards), room=_SIDE_OF_FACE + 34)


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


def _trial(report: Report) -> Iterator[Flowable]:
    """Whether the verdicts hold: a table like the page's strip, and what it comes to."""
    tried, words = report.tried(), report.words
    if not tried:
        return
    name = words["person" if report.result.kind == "video" else "face"]
    said = [
        (name.format(number=number), report.came_to(face, stability)) for number, face, stability in tried
    ]
    come_to = [
        paragraph(words["measured"].format(name=face, sentence=sentence), BODY) for face, sentence in said
    ]
    help_ = words["stability.help_clip" if report.result.kind == "video" else "stability.help"]
    table = tables.trial(report, _WIDTH)
    yield from _section(
        words["stability"], paragraph(help_, NOTE), Spacer(0, 3), table, Spacer(0, 3), *come_to, room=30 * mm
    )


def _limits(report: Report) -> Iterator[Flowable]:
    points = [paragraph(text, BODY) for text in report.limits]
    table = Table([["•", point] for point in points], colWidths=[10, _WIDTH - 10])
    table.setStyle([*_BARE, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 4)])
    yield from _section(report.words["limits"], table)


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
    lines = [report.words["lines.legend"], *([report.words["heat.legend"]] if _heated(faces) else [])]
    return [Spacer(0, 4), *(paragraph(line, NOTE) for line in lines)]


def _card(rgb: RGBImage, face: FaceResult, name: str, report: Report) -> list[Flowable]:
    """One face up close, with and without its heatmap, and what was said of it."""
    plain, heated = crop_pair(rgb, face, _SIDE_OF_FACE)
    pictures = Table(
        [[plain, heated or ""]], colWidths=[_SIDE_OF_FACE + 2, _SIDE_OF_FACE], hAlign="LEFT", style=_BARE
    )
    said = report.words["card"].format(
        name=name, verdict=report.verdict(face.verdict), number=number_text(face.fake_prob)
    )
    return [pictures, Spacer(0, 2), paragraph(said, SMALL)]


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
    return report.words["person_at"].format(
        person=report.words["person"].format(number=number), moment=_time(moment, report)
    )


def _time(moment: Moment, report: Report) -> str:
    return report.words["moment"].format(time=f"{moment.time:.2f}")


def _suspicion(face: FaceResult) -> float:
    return -1.0 if face.fake_prob is None else face.fake_prob


def _lines(report: Report) -> list[Line]:
    points: dict[int, list[tuple[float, float]]] = {}
    for face in report.result.faces:
        if face.time is not None and face.fake_prob is not None:
            points.setdefault(_person(face), []).append((face.time, face.fake_prob))
    return [
        Line(report.words["person"].format(number=number), tuple(sorted(points[number])))
        for number in sorted(points)
    ]


def _zones(report: Report) -> list[Zone]:
    real_below, fake_above = report.decision.real_below, report.decision.fake_above
    bounds: list[tuple[Verdict, float, float]] = [
        ("real", 0, real_below),
        ("inconclusive", real_below, fake_above),
        ("fake", fake_above, 1),
    ]
    return [Zone(report.verdict(verdict), COLOURS[verdict], low, high) for verdict, low, high in bounds]


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
    left = report.words["footer"].format(sha256=report.media_sha256[:16], created=tables.created_text(report))
    draw_text(canvas, _SIDE, _BOTTOM - 10 * mm, left)
    draw_text(
        canvas, A4[0] - _SIDE, _BOTTOM - 10 * mm, report.words["page"].format(page=page, total=total), align=1
    )
