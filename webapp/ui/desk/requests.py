"""What the desk's page asks: a request taken apart before any service sees it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.domain.errors import Refused
from webapp.media.masks import mask_of
from webapp.services.accounts import Person
from webapp.services.moderation.labelling import LabelInput

MOST_BYTES = 2_000_000  # of a request: a painted region is the largest part
MOST_SKIPPED = 500


@dataclass(frozen=True)
class Asked:
    """Who asks, for which case, with which words (a JSON body, or the address's query). Wrong ones raise Refused: invalid_request."""

    person: Person | None
    case: str
    words: Mapping[str, Any]

    def skipped(self) -> Sequence[str]:
        """Cases that are not wanted just now; the latest where there are too many."""
        given = self.words.get("skipped", [])
        if not isinstance(given, list) or not all(
            isinstance(name, str) and len(name) <= 64 for name in given
        ):
            raise invalid("skipped")
        return given[-MOST_SKIPPED:]

    def text(self, name: str) -> str:
        given = self.words.get(name, "")
        if not isinstance(given, str):
            raise invalid(name)
        return given

    def time(self) -> float | None:
        """Of a frame, in seconds."""
        return _seconds(self.words.get("time"))

    def said(self) -> LabelInput:
        """A label."""
        confidence, tags = self.words.get("confidence"), self.words.get("tags", [])
        if not isinstance(confidence, int) or isinstance(confidence, bool):
            raise invalid("confidence")
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise invalid("tags")
        region, time = _region(self.words.get("region"))
        return LabelInput(self.text("value"), confidence, self.text("note"), tuple(tags), region, time)


def words_of(body: bytes) -> Mapping[str, Any]:
    """A JSON object. Raises Refused: invalid_request."""
    try:
        words = json.loads(body or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused("invalid_request", "This is not JSON.") from None
    if not isinstance(words, dict):
        raise Refused("invalid_request", "A JSON object is needed.")
    return words


def invalid(name: str) -> Refused:
    return Refused("invalid_request", f"{name} is missing, or not what it should be.")


def _region(given: Any) -> tuple[bytes | None, float | None]:
    if given is None:
        return None, None
    return mask_of(given), _seconds(given.get("time") if isinstance(given, dict) else None)


def _seconds(given: Any) -> float | None:
    if given is None or given == "":
        return None
    try:
        seconds = float(given)
    except (TypeError, ValueError, OverflowError):
        raise invalid("time") from None
    if not math.isfinite(seconds) or not 0 <= seconds <= 86_400 or isinstance(given, bool):
        raise invalid("time")
    return seconds


def _no_number(name: str) -> None:
    raise ValueError(name)
