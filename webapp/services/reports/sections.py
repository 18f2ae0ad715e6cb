"""Sections of a report, and the measures of its pages in points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether

from webapp.services.reports.text import HEADING, paragraph

# Margins: left and right, top, bottom
MARGIN = 18 * mm
TOP = 16 * mm
BOTTOM = 20 * mm
WIDTH = A4[0] - 2 * MARGIN
# Least room on a page for a table to begin there
TABLE_ROOM = 20 * mm
NO_PADDING: list[Any] = [
    (f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")
]
TOP_ALIGNED: list[Any] = [*NO_PADDING, ("VALIGN", (0, 0), (-1, -1), "TOP")]


def section(heading: str, *parts: Flowable, room: float = 0) -> Iterator[Flowable]:
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
