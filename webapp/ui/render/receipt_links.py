"""Receipts inside pasted links."""

from __future__ import annotations

import re

# Characters of a receipt
_RECEIPT = re.compile(r"[A-Za-z0-9_-]+")


def receipt_of(text: str) -> str:
    """Return the receipt in pasted text, without quotes or punctuation around it; "" if there is none."""
    candidates = _RECEIPT.findall(text.rpartition("#")[2])
    return max(candidates, key=len, default="")
