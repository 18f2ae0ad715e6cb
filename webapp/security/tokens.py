"""Random tokens, ids and idempotency keys, and the hashes stored of them."""

from __future__ import annotations

import hashlib
import secrets

_RANDOM = secrets.SystemRandom()


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


def new_key() -> str:
    """A fresh idempotency key."""
    return secrets.token_urlsafe(16)


def draw() -> float:
    """A number from 0 to 1 (less than 1) that depends on nothing and that nobody can foresee."""
    return _RANDOM.random()


def following_key(key: str) -> str:
    """The key after `key`, the same at every call, so that a changed vote sent twice at once is stored once."""
    return hashlib.sha256(key.encode()).hexdigest()
