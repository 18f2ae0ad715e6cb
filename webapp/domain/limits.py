"""Limits of what visitors may send, and versions of the consent text."""

from __future__ import annotations

MAX_NOTE = 2000  # characters


MAX_REGION_BYTES = 65_536  # of a painted region's PNG


MAX_REGION_SIDE = 1024  # pixels


KEY_LENGTHS = (8, 128)  # characters of an idempotency key


CONSENT_VERSION = (
    "2"  # of the text a visitor agrees to (`Texts.consent`), kept with the consent; a new text gets a new one
)


# Texts of consent that let a picture be given to others; that of version 1 speaks of keeping and training alone
PUBLISHABLE_CONSENTS: frozenset[str] = frozenset()


def storable(text: str) -> bool:
    """Whether every database keeps this text as it is: neither NUL nor half a surrogate pair."""
    return "\x00" not in text and not any(0xD800 <= ord(character) <= 0xDFFF for character in text)
