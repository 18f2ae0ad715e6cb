"""Tests of earlier decisions as the pages show them, in every language."""

from __future__ import annotations

from datetime import date

import pytest

from tests.webapp.sample_results import PHOTO, stored, stored_page
from webapp.services.analysis_records.known_files import KnownFace, KnownFile
from webapp.texts import LANGUAGES, Texts
from webapp.texts.formats import date_text
from webapp.ui.render.known_file import known_file

KNOWN = KnownFile(
    faces=[
        KnownFace(face=1, value="real", decided_on=date(2026, 5, 3), moderators=2, exact=True),
        KnownFace(face=2, value="cannot_tell", decided_on=date(2026, 5, 4), moderators=3, exact=False),
    ]
)


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_every_decision_is_a_sentence_on_both_pages(texts: Texts) -> None:
    html = known_file(KNOWN, "image", texts)
    assert texts.known_title in html
    days = [date_text(date(2026, 5, day), texts) for day in (3, 4)]
    for text in (*days, texts.labels["real"], texts.labels["cannot_tell"]):
        assert text in html
    assert html in stored_page(stored(PHOTO, known=KNOWN), texts)
    assert known_file(None, "image", texts) == ""
    assert texts.known_title not in stored_page(stored(PHOTO), texts)
