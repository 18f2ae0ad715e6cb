"""Passwords: argon2id (RFC 9106), a few at a time because each takes 64 MiB."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.domain.errors import Refused
from webapp.domain.text import is_storable

LENGTHS = (12, 200)  # characters
_AT_ONCE = 2

_hasher = PasswordHasher()
_room = threading.BoundedSemaphore(_AT_ONCE)
_nobodys = ""  # what a name without an account is compared with, so that it takes as long; made at first use
_lock = threading.Lock()


def hash_password(password: str) -> str:
    """Raises Refused: weak_password."""
    if not LENGTHS[0] <= len(password) <= LENGTHS[1] or not is_storable(password) or len(set(password)) < 5:
        message = (
            f"A password must have {LENGTHS[0]} to {LENGTHS[1]} characters, at least five of them different."
        )
        raise Refused("weak_password", message)
    with _room:
        return _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether it is the password; takes as long where there is none. One that is too long to be a password is not hashed whole."""
    possible = stored if len(password) <= LENGTHS[1] else None
    with _room:
        try:
            given = password[: LENGTHS[1]].encode(errors="surrogatepass")
            return _hasher.verify(possible or _nobodys_hash(), given) and possible is not None
        except (VerificationError, InvalidHashError):
            return False


def _nobodys_hash() -> str:
    global _nobodys  # noqa: PLW0603
    with _lock:
        _nobodys = _nobodys or _hasher.hash("nobody's password")
        return _nobodys
