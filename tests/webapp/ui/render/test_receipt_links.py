"""Tests of finding a receipt in pasted text."""

from __future__ import annotations

import pytest

from webapp.ui.render.receipt_links import receipt_of

PASTED = (
    "{}",
    " {}\n",
    "http://host/receipt#{}",
    "<http://host/receipt#{}>.",
    "\u2039{}\u203a",
    '"{}",',
    "«http://h/receipt-zh#{}»",
)


@pytest.mark.parametrize("text", PASTED)
def test_a_receipt_is_found_in_pasted_text(text: str) -> None:
    receipt = "aB3-_" * 8
    assert receipt_of(text.format(receipt)) == receipt


def test_text_without_a_receipt_has_none() -> None:
    assert receipt_of("") == ""
    # A field that the page has just emptied
    assert receipt_of(None) == ""
