"""Text that every database can store."""

from __future__ import annotations

import pytest

from webapp.domain.text import is_storable


@pytest.mark.parametrize("text", ["", "note", "多一個字", "\U0001f600", "\x01\ufffe"])
def test_text_is_storable(text: str) -> None:
    assert is_storable(text)


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "a\udfff"])
def test_nul_and_unpaired_surrogates_are_not_storable(text: str) -> None:
    assert not is_storable(text)
