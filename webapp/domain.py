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
CONSENT_VERSION = "2"  # of the text a visitor agrees to (`Texts.consent`), kept with the consent; a new text gets a new one

_RANDOM = secrets.SystemRandom()


# Texts of consent that let a picture be given to others; that of version 1 speaks of keeping and training alone
PUBLISHABLE_CONSENTS: frozenset[str] = frozenset()


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
    INVITED = "invited"
    LINK_RENEWED = "link_renewed"  # for an account that was invited, or forgot its password
    ACCOUNT_CHANGED = "account_changed"
    PASSWORD_SET = "password_set"  # by the holder of a link
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_REMOVED = "second_factor_removed"  # by the link that was a reset
    JOINED = "joined"  # a member of the organisation signed in for the first time
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_REFUSED = "sign_in_refused"
    CASE_FLAGGED = "case_flagged"
    CASE_OPENED = "case_opened"
    CASE_LABELLED = "case_labelled"
    CASE_ADJUDICATED = "case_adjudicated"
    CASE_DECIDED = "case_decided"
    CASE_UNDONE = "case_undone"
    CASE_GOLD = "case_gold"  # its answer is known: it tests the moderators
    LABELS_EXPORTED = "labels_exported"
    SNAPSHOT_FROZEN = "snapshot_frozen"
    SNAPSHOT_ASKED = "snapshot_asked"  # on the desk; what came of it has entries of its own
    FINETUNE_BEGUN = "finetune_begun"
    FINETUNE_CANCELLED = "finetune_cancelled"
    GATE_ASKED = "gate_asked"
    MODEL_PROMOTED = "model_promoted"
    MODEL_ROLLED_BACK = "model_rolled_back"
    PUBLISHED = "published"


class Actor(StrEnum):
    """Who did it, where it was no user with an account; those are `user_actor`."""

    NONE = "none"
    VISITOR = "visitor"
    SYSTEM = "system"


def user_actor(number: int) -> str:
    return f"user:{number}"


class Role(StrEnum):
    """What an account may do. Visitors have no account."""

    MODERATOR = "moderator"
    ADMIN = "admin"


class Purpose(StrEnum):
    """What a link that was handed to a person lets him do, once."""

    INVITE = "invite"
    RESET = "reset"


class Reason(StrEnum):
    """Why a result became a case."""

    DISAGREEMENT = "disagreement"  # a visitor against the model, or visitors against each other
    UNCERTAINTY = "uncertainty"
    AUDIT = "audit"  # drawn at random, whatever anybody said
    REPORT = "report"  # a visitor asked for a moderator


class LabelValue(StrEnum):
    """What a moderator says a face is."""

    REAL = "real"
    FAKE = "fake"
    CANNOT_TELL = "cannot_tell"
    UNUSABLE = "unusable"


class Stage(StrEnum):
    """When a label was given: before anything was revealed, after it, or between moderators who disagree."""

    BLIND = "blind"
    FINAL = "final"
    ADJUDICATION = "adjudication"


class CaseState(StrEnum):
    OPEN = "open"
    DISPUTED = "disputed"  # the moderators disagree; an adjudicator decides
    DECIDED = "decided"


class SnapshotState(StrEnum):
    FROZEN = "frozen"
    STALE = "stale"  # something in it was deleted or undone since


class Part(StrEnum):
    """What an item of a snapshot is for. Gold is never learned from."""

    TRAIN = "train"
    VAL = "val"
    GOLD = "gold"


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FAILED = "failed"
    FINISHED = "finished"


class ModelState(StrEnum):
    CANDIDATE = "candidate"
    CHAMPION = "champion"  # the one that answers
    RETIRED = "retired"  # was champion
    REJECTED = "rejected"  # by the gate, or taken back


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


def new_token() -> str:
    """An unguessable token (256 bits): a session's cookie, or the end of a link."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token: its sha256. Any string has one, so that a wrong token of any shape is merely unknown."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def new_receipt() -> str:
    """The token of an analysis, which only the uploader gets."""
    return new_token()


def receipt_hash(receipt: str) -> str:
    return token_hash(receipt)


def storable(text: str) -> bool:
    """Whether every database keeps this text as it is: neither NUL nor half a surrogate pair."""
    return "\x00" not in text and not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def new_id() -> str:
    """An id that may be shown: random, 128 bits, says nothing."""
    return secrets.token_hex(16)


def new_key() -> str:
    """A fresh idempotency key."""
    return secrets.token_urlsafe(16)


def draw() -> float:
    """A number from 0 to 1 (less than 1) that depends on nothing and that nobody can foresee."""
    return _RANDOM.random()


def following_key(key: str) -> str:
    """The key after `key`, the same at every call, so that a changed vote sent twice at once is stored once."""
    return hashlib.sha256(key.encode()).hexdigest()


def now() -> datetime:
    return datetime.now(UTC)
