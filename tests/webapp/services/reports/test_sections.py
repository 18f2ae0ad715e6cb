"""Tests of sections: a heading never stands alone at the end of a page."""

from __future__ import annotations

from reportlab.platypus import CondPageBreak, KeepTogether

from webapp.services.reports.sections import TABLE_ROOM, WIDTH, section
from webapp.services.reports.text import BODY, paragraph, register_fonts


def test_a_heading_stays_with_its_parts_or_with_room_for_their_beginning() -> None:
    register_fonts()
    part = paragraph("a part", BODY)
    (together,) = section("Heading", part)
    assert isinstance(together, KeepTogether)
    room, heading, last = section("Heading", part, room=TABLE_ROOM)
    assert isinstance(room, CondPageBreak)
    assert last is part
    assert room.height >= TABLE_ROOM + heading.wrap(WIDTH, 1000)[1]
