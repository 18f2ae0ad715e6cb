"""Password hashing with argon2id (RFC 9106), with bounded memory."""

from __future__ import annotations

import functools
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.domain.errors import Refused
from webapp.domain.text import is_storable

# Characters of a password.
LENGTHS = (12, 200)
_MIN_DISTINCT = 5
# Hashes computed at the same time: each takes 64 MiB.
_CONCURRENCY = 2

_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(_CONCURRENCY)
_dummy_lock = threading.Lock()


def hash_password(password: str) -> str:
    """Return the argon2id hash of a new password. Raises Refused with weak_password."""
    is_long_enough = LENGTHS[0] <= len(password) <= LENGTHS[1]
    if not is_long_enough or not is_storable(password) or len(set(password)) < _MIN_DISTINCT:
        message = (
            f"A password must have {LENGTHS[0]} to {LENGTHS[1]} characters, at least five of them different."
        )
        raise Refused("weak_password", message)
    with _slots:
        return _hasher.hash(password)


def verify_password(stored_hash: str | None, password: str) -> bool:
    """Return True if the password matches. Takes equally long without a stored hash.

    Passwords longer than LENGTHS[1] never match and are truncated before hashing.
    """
    candidate = stored_hash if len(password) <= LENGTHS[1] else None
    with _slots:
        try:
            encoded = password[: LENGTHS[1]].encode(errors="surrogatepass")
            return _hasher.verify(candidate or _get_dummy_hash(), encoded) and candidate is not None
        except (VerificationError, InvalidHashError):
            return False


def _get_dummy_hash() -> str:
    """Return a hash to verify against if there is no account, so that the answer takes as long."""
    # Two threads must not compute it at the same time.
    with _dummy_lock:
        return _computed_dummy_hash()


@functools.cache
def _computed_dummy_hash() -> str:
    return _hasher.hash("password of no account")
