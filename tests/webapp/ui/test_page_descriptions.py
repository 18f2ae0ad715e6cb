"""Descriptions of the pages, and the tags that other sites read."""

from __future__ import annotations

from webapp.texts import LANGUAGES
from webapp.ui.page_descriptions import page_descriptions


def test_every_page_has_a_description_in_its_language() -> None:
    pages = page_descriptions()
    others = [code for code in LANGUAGES if code != "en"]
    names = ("receipt", "verify", "programs")
    assert set(pages) == {"", *names, *others, *(f"{name}-{code}" for name in names for code in others)}
    assert pages["zh"].description == LANGUAGES["zh"].tagline
    assert pages["receipt-zh"].code == "zh"
    assert pages["receipt-zh"].alternates == pages["receipt"].alternates
    assert ("de", "/receipt-de") in pages["receipt"].alternates
