"""Random ids that may be shown outside."""

from __future__ import annotations

import secrets


def new_id() -> str:
    """An id that may be shown: random, 128 bits, says nothing."""
    return secrets.token_hex(16)
