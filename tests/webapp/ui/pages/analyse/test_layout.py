"""Tests of the addresses of the pages; the browser tests cover the components."""

from __future__ import annotations

import pytest

from webapp.texts import LANGUAGES
from webapp.ui.pages.analyse.layout import address


@pytest.mark.parametrize(
    ("code", "page", "path"),
    [("en", "", "/"), ("en", "receipt", "/receipt"), ("zh", "", "/zh"), ("zh", "receipt", "/receipt-zh")],
)
def test_every_page_has_an_address_in_every_language(code: str, page: str, path: str) -> None:
    assert address(LANGUAGES[code], page) == path
