"""Text that every database can store."""

from __future__ import annotations

_SURROGATES = range(0xD800, 0xE000)


def is_storable(text: str) -> bool:
    """Return True if every database stores the text unchanged: it has no NUL and no unpaired surrogate."""
    return "\x00" not in text and not any(ord(character) in _SURROGATES for character in text)
