"""The words of the application: receipts, votes, reasons, and errors a visitor or a host can answer."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from enum import StrEnum

MAX_NOTE = 2000  # characters
MAX_REGION_BYTES = 65_536  # of a painted region's PNG
MAX_REGION_SIDE = 1024  # pixels
KEY_LENGTHS = (8, 128)  # characters of an idempotency key
CONSENT_VERSION = "1"  # of the text a visitor agrees to (`Texts.consent`), kept with the consent; a new text gets a new one


class Vote(StrEnum):
    """What a visitor says of a verdict."""

    AGREE = "agree"
    DISAGREE = "disagree"
    NOT_SURE = "not_sure"


class Tag(StrEnum):
    """Why a visitor thinks so."""

    BOUNDARY = "boundary"
    TEXTURE = "texture"
    LIGHTING = "lighting"
    TEETH = "teeth"
    EYES = "eyes"
    TEMPORAL = "temporal"
    OTHER = "other"


class Action(StrEnum):
    """What the audit log tells of."""

    RECEIPT_DELETED = "receipt_deleted"
    PURGED = "purged"
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    MIGRATED = "migrated"
    OPENED = "opened"  # the first time after an upgrade


class Actor(StrEnum):
    """Who did it, where it was no user with an account; those are `user_actor`."""

    NONE = "none"
    VISITOR = "visitor"
    SYSTEM = "system"


def user_actor(number: int) -> str:
    return f"user:{number}"


class UnusableDatabase(Exception):
    """A database that this version cannot work with; the message says why."""


class Unable(Exception):
    """Something a host asked for that cannot be done. `code` is stable, `message` a sentence that says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BrokenAudit(Unable):
    """An audit log that is not what was written."""


class Refused(Exception):
    """A request that cannot be met. `code` is stable, `message` a sentence for the visitor."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}


def unknown_receipt() -> Refused:
    """The one answer to every receipt that is not known, whatever it looks like."""
    return Refused("unknown_receipt", "There is no result under this receipt.")


def new_receipt() -> str:
    """An unguessable token (256 bits) that only the uploader gets."""
    return secrets.token_urlsafe(32)


def receipt_hash(receipt: str) -> str:
    """What is stored of a receipt: its sha256. Any string has one, so that a wrong receipt of any shape is merely unknown."""
    return hashlib.sha256(receipt.encode(errors="surrogatepass")).hexdigest()


def storable(text: str) -> bool:
    """Whether every database keeps this text as it is: neither NUL nor half a surrogate pair."""
    return "\x00" not in text and not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def new_key() -> str:
    """A fresh idempotency key."""
    return secrets.token_urlsafe(16)


def following_key(key: str) -> str:
    """The key after `key`, the same at every call, so that a changed vote sent twice at once is stored once."""
    return hashlib.sha256(key.encode()).hexdigest()


def now() -> datetime:
    return datetime.now(UTC)
