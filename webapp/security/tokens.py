"""Random tokens, receipts and idempotency keys, and the hashes that are stored instead of them."""

from __future__ import annotations

import hashlib
import re
import secrets

_RANDOM = secrets.SystemRandom()
_RECEIPT = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """Return an unguessable token of 256 bits, for session cookies and links."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the sha256 of a token in hexadecimal.

    Any string is accepted, also one with unpaired surrogates: a malformed token is simply unknown.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def new_receipt() -> str:
    """Return the token of an analysis. Only the uploader receives it."""
    return new_token()


def is_receipt(value: object) -> bool:
    """Return True if a browser's own receipt has the form of `new_receipt`: 256 bits in base64url."""
    return isinstance(value, str) and _RECEIPT.fullmatch(value) is not None


def receipt_hash(receipt: str) -> str:
    """Return the hash of a receipt as the database stores it."""
    return token_hash(receipt)


def report_number(receipt: str) -> str:
    """Return the public number of the reports on a result: 128 bits in hexadecimal.

    It is derived from the receipt, which cannot be recovered from it. It cannot be computed from the
    receipt's hash, so a deleted result's number leads nowhere.
    """
    return token_hash(f"report of {receipt}")[:32]


def new_key() -> str:
    """Return a random idempotency key."""
    return secrets.token_urlsafe(16)


def random_fraction() -> float:
    """Return an unpredictable random float in [0, 1)."""
    return _RANDOM.random()


def next_key(key: str) -> str:
    """Return the idempotency key that follows `key`.

    It is the same for every call, so that two concurrent submissions of one changed vote are stored once.
    """
    return hashlib.sha256(key.encode()).hexdigest()
