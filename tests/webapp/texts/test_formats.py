"""Numbers and dates in each language."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from webapp.texts import LANGUAGES
from webapp.texts.formats import date_text, number_text, share_text, time_text

MOMENT = datetime(2026, 3, 9, 7, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "number", "share", "day", "time"),
    [
        ("en", "0.1235", "12%", "2026-03-09", "2026-03-09 07:05"),
        ("zh", "0.1235", "12%", "2026-03-09", "2026-03-09 07:05"),
        ("de", "0,1235", "12\u00a0%", "09.03.2026", "09.03.2026, 07:05"),
    ],
)
def test_each_language_has_its_own_way(code: str, number: str, share: str, day: str, time: str) -> None:
    texts = LANGUAGES[code]
    assert number_text(0.12345, texts) == number
    assert share_text(0.12345, texts) == share
    assert date_text(date(2026, 3, 9), texts) == day
    assert time_text(MOMENT, texts) == time
    assert time_text(MOMENT, texts, seconds=True) == f"{time}:01"


def test_decimals_and_missing_values() -> None:
    german = LANGUAGES["de"]
    assert number_text(1.25, german, 1) == "1,2"
    assert number_text(3.0, german, 0) == "3"
    assert number_text(None, german) == "–"
    assert share_text(0.1499, german, 1) == "15,0\u00a0%"
