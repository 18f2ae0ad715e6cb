"""Random ids that may be shown outside."""

from __future__ import annotations

import secrets


def new_id() -> str:
    """Return a random id of 128 bits in hexadecimal, which reveals neither order nor number of rows."""
    return secrets.token_hex(16)
