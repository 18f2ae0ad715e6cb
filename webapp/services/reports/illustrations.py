"""Pictures of a report: the photo or a clip's key frames, faces in close-up, and the scores over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer, Table

from laanet_core.faces.face_scaling import faces_on
from laanet_core.inference.key_frames import Moment
from laanet_core.inference.unjudged_tracks import unjudged_tracks
from laanet_core.results import FaceResult, Verdict
from laanet_core.types import RGBImage
from webapp.services.reports import tables
from webapp.services.reports.chart import Line, Zone, chart
from webapp.services.reports.content import Report
from webapp.services.reports.figures import crop_pair, picture_pair
from webapp.services.reports.sections import NO_PADDING, TABLE_ROOM, TOP_ALIGNED, WIDTH, section
from webapp.services.reports.text import COLOURS, NOTE, SMALL, hex_code, paragraph
from webapp.texts.formats import number_text
from webapp.texts.sentences import fake_part_of

_GAP = 4 * mm
# Greatest height of a picture in points
_PICTURE_HEIGHT = 95 * mm
# Cards (faces in close-up with a caption) per row
_CARDS = 3
# Width of a card in points
_CARD = (WIDTH - (_CARDS - 1) * _GAP) / _CARDS
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


def photo(report: Report, rgb: RGBImage) -> Iterator[Flowable]:
    """Yield the photo (H, W, 3) uint8 RGB, its legend and its faces in close-up."""
    faces = faces_on(rgb, report.shown.faces, report.result.size)
    words = report.texts.report
    numbers = range(1, len(faces) + 1)
    captions = (words.photo_faces if faces else "", words.photo_heatmap)
    first, *others = _picture(rgb, faces, numbers, captions)
    yield from section(words.photo, *first)
    yield from (KeepTogether([Spacer(0, 4), *figure]) for figure in others)
    yield from _legend(report, faces)
    pairs = zip(numbers, faces, strict=True)
    cards = [_card(rgb, face, report.subject(number), report) for number, face in pairs]
    if cards:
        yield from section(words.face_crops, _cards(cards), room=_FACE_SIDE + _CAPTION)


def video(report: Report, moments: Sequence[Moment]) -> Iterator[Flowable]:
    """Yield the table of persons, the chart over time, the key frames and the persons in close-up."""
    texts = report.texts
    if report.result.tracks or unjudged_tracks(report.result):
        parts: list[Flowable] = [tables.persons(report, WIDTH)]
        if any(fake_part_of(report.result, track) for track in report.result.tracks):
            parts += [Spacer(0, 4), paragraph(texts.report.mean_note, NOTE)]
        yield from section(texts.person_table, *parts, room=TABLE_ROOM)
    # With one segment per person, the table would repeat the table of persons.
    if len(report.result.segments) > len(report.result.tracks):
        table = tables.segments(report, WIDTH)
        yield from section(texts.segment_table, table, room=TABLE_ROOM)
    if lines := _lines(report):
        yield from section(texts.timeline, chart(lines, _zones(report), WIDTH, texts))
    moments_by_time = sorted(moments, key=lambda moment: moment.time)
    rows = _moments(report, moments_by_time)
    if rows:
        yield from section(texts.suspicious_moments, *rows[0])
    yield from (KeepTogether([Spacer(0, 6), *row]) for row in rows[1:])
    yield from _legend(report, [face for moment in moments_by_time for face in moment.faces])
    if cards := _persons(report, moments_by_time):
        yield from section(texts.report.person_crops, _cards(cards), room=_FACE_SIDE + _CAPTION)


def _moments(report: Report, moments: Sequence[Moment]) -> list[list[Flowable]]:
    """Return rows of key frames: two frames per row if every frame fits half a row, else one."""
    in_pairs = all(_fits_half_row(moment) for moment in moments)
    width = (WIDTH - _GAP) / 2 if in_pairs else WIDTH
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
    return [Table([[left, "", right or ""]], colWidths=[width, _GAP, width], style=TOP_ALIGNED)]


def _picture(
    rgb: RGBImage,
    faces: Sequence[FaceResult],
    numbers: Sequence[int],
    captions: tuple[str, str],
    width: float = WIDTH,
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
        style=NO_PADDING,
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
    style = [*TOP_ALIGNED, ("BOTTOMPADDING", (0, 0), (-1, -1), 8)]
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
