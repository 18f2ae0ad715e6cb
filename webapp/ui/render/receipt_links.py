"""Receipts inside pasted links."""

from __future__ import annotations

import re

# Run of characters that receipts consist of.
_RECEIPT = re.compile(r"[A-Za-z0-9_-]+")


def receipt_of(text: str | None) -> str:
    """Return the receipt in a pasted link or text, without punctuation around it; "" if there is none.

    It is the longest run of receipt characters after the last "#". None is the value of a field that the page
    has just emptied.
    """
    candidates = _RECEIPT.findall((text or "").rpartition("#")[2])
    return max(candidates, key=len, default="")
