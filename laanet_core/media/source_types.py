"""IPTC's vocabulary of digital source types, and the form of short texts that are passed on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from laanet_core.results import MAX_STATEMENT

AI_MADE = "trainedAlgorithmicMedia"
AI_EDITED = "compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class _Meaning:
    """Meaning of a source type: `ai` made the whole or a part, a camera `captured` the picture.

    None leaves the question open. AI is only ruled out if IPTC's definition does so.
    """

    ai: bool | None
    captured: bool | None


# IPTC's vocabulary, with retired codes and those of the C2PA. The strongest statement comes first: of two
# that contradict each other, the one that warns more counts.
_MEANINGS = {
    AI_MADE: _Meaning(ai=True, captured=False),
    AI_EDITED: _Meaning(ai=True, captured=False),
    "compositeSynthetic": _Meaning(ai=True, captured=False),
    "trainedAlgorithmicData": _Meaning(ai=True, captured=False),
    # Pictures by a program. Writers differ on where AI begins.
    "algorithmicMedia": _Meaning(ai=None, captured=False),
    "dataDrivenMedia": _Meaning(ai=None, captured=False),
    "virtualRecording": _Meaning(ai=None, captured=False),
    "softwareImage": _Meaning(ai=None, captured=False),
    "screenCapture": _Meaning(ai=None, captured=False),
    # Pictures by a person.
    "digitalCreation": _Meaning(ai=False, captured=False),
    "digitalArt": _Meaning(ai=False, captured=False),
    # Composites may show a camera's pictures, but no camera took the whole.
    "composite": _Meaning(ai=None, captured=None),
    "compositeCapture": _Meaning(ai=False, captured=None),
    # Edits and scans of another picture, whose origin is not stated.
    "algorithmicallyEnhanced": _Meaning(ai=None, captured=None),
    "humanEdits": _Meaning(ai=False, captured=None),
    "minorHumanEdits": _Meaning(ai=False, captured=None),
    "print": _Meaning(ai=False, captured=None),
    "negativeFilm": _Meaning(ai=False, captured=None),
    "positiveFilm": _Meaning(ai=False, captured=None),
    "empty": _Meaning(ai=None, captured=None),
    # Pictures by a camera, of one or several exposures.
    "multiFrameComputationalCapture": _Meaning(ai=False, captured=True),
    "computationalCapture": _Meaning(ai=False, captured=True),
    "digitalCapture": _Meaning(ai=False, captured=True),
}
SOURCE_TYPES = tuple(_MEANINGS)
# Types by which AI made the whole or a part, and types that rule it out.
AI_TYPES = {name for name, meaning in _MEANINGS.items() if meaning.ai}
NOT_AI_TYPES = {name for name, meaning in _MEANINGS.items() if meaning.ai is False}
# Types by which a camera took the picture, and types that rule it out.
CAPTURED_TYPES = {name for name, meaning in _MEANINGS.items() if meaning.captured}
NOT_CAPTURED_TYPES = {name for name, meaning in _MEANINGS.items() if meaning.captured is False}
_KNOWN = {name.lower(): name for name in _MEANINGS}
_ADDRESS = re.compile(
    r"\A\s*(?:https?://[\w./-]*digitalsourcetype/|digsrctype:)?(\w{1,60})/?\s*\Z", re.IGNORECASE
)
# Text that may name a person or a device: an address, or a number as long as a serial number.
_PERSONAL = re.compile(r"@|\d{10}")


# Form of the name and version of a program or device: plain signs, no long number, no place.
_MAX_NAME = 64
_NAME = re.compile(r"[\w .,+&()\u00ae\u2122-]+")
_NO_NAME = re.compile(
    r"\d{7}|\d\.\d{2,}\s?(?-i:[NSEW])\b|\d\.\d{3,}\s*,?\s+[+-]?\d{1,3}\.\d{3,}"
    r"|\b(?:owner|serial|sn|artist|author|copyright|by)\b",
    re.IGNORECASE,
)


def source_type(value: object) -> str | None:
    """Return the code of a digital source type from its address or code; None if it is unknown."""
    if not isinstance(value, str) or (found := _ADDRESS.match(value)) is None:
        return None
    return _KNOWN.get(found[1].lower())


def strongest_type(names: Iterable[str]) -> str | None:
    """Return the code that warns most among codes of source types; None if there are none."""
    return min((name for name in names if name in _MEANINGS), key=SOURCE_TYPES.index, default=None)


def short_text(value: object) -> str | None:
    """Return a text in at most MAX_STATEMENT printable characters on one line.

    None if nothing is left of it, or if it may name a person or a device.
    """
    if not isinstance(value, str):
        return None
    composed = unicodedata.normalize("NFC", value[: 4 * MAX_STATEMENT])
    # Marks of direction and invisible characters could make a text look like another one.
    kept = "".join(
        " " if sign.isspace() else sign for sign in composed if sign.isspace() or sign.isprintable()
    )
    shown = " ".join(kept.replace("\ufffd", "").split())
    return None if _PERSONAL.search(shown) else shown[:MAX_STATEMENT].strip() or None


def plain_name(value: object) -> str | None:
    """Return the name and version of a program or device; None for texts of any other form."""
    name = short_text(value)
    if name is None or len(name) > _MAX_NAME or len(str(value)) > 4 * MAX_STATEMENT:
        return None
    return name if _NAME.fullmatch(name) and not _NO_NAME.search(name) else None
