"""Password rules and hashes."""

from __future__ import annotations

import pytest

from webapp.domain.errors import Refused
from webapp.services.accounts.passwords import LENGTHS, hash_password, verify_password


def test_a_hash_verifies_its_password_only() -> None:
    stored = hash_password("correct horse battery")
    assert "correct" not in stored
    assert verify_password(stored, "correct horse battery")
    assert not verify_password(stored, "correct horse batterz")
    assert not verify_password(stored, "correct horse battery" + "x" * LENGTHS[1])


def test_no_account_and_a_malformed_hash_never_verify() -> None:
    assert not verify_password(None, "password of no account")
    assert not verify_password("not a hash", "correct horse battery")


@pytest.mark.parametrize(
    "password", ["short", "x" * (LENGTHS[1] + 1), "abababababababab", "nul\x00 in a password"]
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(Refused) as refusal:
        hash_password(password)
    assert refusal.value.code == "weak_password"
