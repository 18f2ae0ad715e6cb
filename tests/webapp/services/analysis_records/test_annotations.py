"""Checks of notes, tags and painted regions."""

from __future__ import annotations

import pytest

from tests.webapp.painted_regions import mask, png
from webapp.domain.enums import Tag
from webapp.domain.errors import Refused
from webapp.domain.limits import MAX_NOTE
from webapp.services.analysis_records.annotations import check_note, parse_region, parse_tags


@pytest.mark.parametrize(
    ("note", "code"),
    [("x" * (MAX_NOTE + 1), "note_too_long"), ("\x00", "invalid_note"), ("\ud800", "invalid_note")],
)
def test_notes_that_cannot_be_stored_are_refused(note: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_note(note)
    assert refused.value.code == code
    check_note("x" * MAX_NOTE)


def test_tags_are_unique_and_in_the_order_of_the_enum() -> None:
    assert parse_tags(["other", "boundary", "other"]) == (Tag.BOUNDARY, Tag.OTHER)
    with pytest.raises(Refused) as refused:
        parse_tags(["no tag"])
    assert refused.value.code == "invalid_tag"


def test_a_region_is_optional_and_must_be_a_painted_png() -> None:
    assert parse_region(None) is None
    region = parse_region(png(mask()))
    assert region is not None
    assert (region.width, region.height) == (64, 48)
    with pytest.raises(Refused) as refused:
        parse_region(b"no picture")
    assert refused.value.code == "invalid_region"
