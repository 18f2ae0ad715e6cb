"""Receipts as people hand them on."""

from __future__ import annotations

import re

_RECEIPT = re.compile(r"[A-Za-z0-9_-]+")  # what receipts are made of


def receipt_of(words: str) -> str:
    """The receipt in a pasted link, or alone; what stands around it, as quotes or a full stop, is left out."""
    found = _RECEIPT.findall(words.rpartition("#")[2])
    return max(found, key=len, default="")
