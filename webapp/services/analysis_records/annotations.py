"""Checks of what visitors and moderators add to a verdict: note, tags and painted region."""

from __future__ import annotations

from collections.abc import Iterable

from webapp.domain.enums import Tag
from webapp.domain.errors import Refused
from webapp.domain.limits import MAX_NOTE
from webapp.domain.text import is_storable
from webapp.media.masks import Mask, read_mask


def check_note(note: str) -> None:
    """Raise Refused (note_too_long, invalid_note) if a note cannot be stored as it is."""
    if len(note) > MAX_NOTE:
        raise Refused(
            "note_too_long", f"A note can have at most {MAX_NOTE} characters; this one has {len(note)}."
        )
    if not is_storable(note):
        raise Refused("invalid_note", "The note holds characters that cannot be stored.")


def parse_tags(words: Iterable[str]) -> tuple[Tag, ...]:
    """Return the tags, each once, in the order of Tag. Raises Refused (invalid_tag)."""
    try:
        chosen = {Tag(word) for word in words}
    except (ValueError, TypeError):
        raise Refused("invalid_tag", f"A reason must be one of {', '.join(Tag)}.") from None
    return tuple(tag for tag in Tag if tag in chosen)


def parse_region(png: bytes | None) -> Mask | None:
    """Return the painted region as a PNG of (H, W) pixels, or None without one.

    Raises Refused (invalid_region).
    """
    return None if png is None else read_mask(png)
