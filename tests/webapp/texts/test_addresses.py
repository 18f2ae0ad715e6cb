"""Tests of the addresses of the public pages."""

from __future__ import annotations

import pytest

from webapp.texts import LANGUAGES
from webapp.texts.addresses import address, alternates, link_address


@pytest.mark.parametrize(
    ("code", "page", "path"),
    [("en", "", "/"), ("en", "receipt", "/receipt"), ("zh", "", "/zh"), ("zh", "receipt", "/receipt-zh")],
)
def test_every_page_has_an_address_in_every_language(code: str, page: str, path: str) -> None:
    assert address(LANGUAGES[code], page) == path


def test_a_link_to_the_start_page_names_its_language() -> None:
    assert link_address(LANGUAGES["en"], "") == "/?lang=en"
    assert link_address(LANGUAGES["de"], "") == "/de"
    assert link_address(LANGUAGES["en"], "verify") == "/verify"


def test_every_page_names_its_versions_in_all_languages_and_one_for_all_others() -> None:
    assert dict(alternates("")) == {"en": "/?lang=en", "de": "/de", "zh": "/zh", "x-default": "/"}
    for page in ("receipt", "verify", "programs"):
        found = dict(alternates(page))
        assert list(found) == [*LANGUAGES, "x-default"]
        assert found["zh"] == f"/{page}-zh"
        assert found["x-default"] == found["en"] == f"/{page}"
