"""Tokens, receipts, idempotency keys and their hashes."""

from __future__ import annotations

import base64
import hashlib

from webapp.security.tokens import new_key, new_receipt, next_key, random_fraction, receipt_hash, token_hash


def test_receipts_have_256_random_bits() -> None:
    receipts = {new_receipt() for _ in range(1000)}
    assert len(receipts) == 1000
    assert {len(base64.urlsafe_b64decode(one + "=")) * 8 for one in receipts} == {256}


def test_hash_of_a_receipt_is_its_sha256() -> None:
    assert receipt_hash("abc") == token_hash("abc") == hashlib.sha256(b"abc").hexdigest()


def test_any_string_has_a_hash() -> None:
    assert token_hash("\ud800") != token_hash("\udfff")


def test_next_key_is_deterministic_and_new() -> None:
    key = new_key()
    assert next_key(key) == next_key(key)
    assert len({key, next_key(key), next_key(next_key(key)), new_key()}) == 4


def test_random_fractions_spread_over_the_unit_interval() -> None:
    values = [random_fraction() for _ in range(1000)]
    assert min(values) >= 0
    assert max(values) < 1
    assert 0.4 < sum(values) / len(values) < 0.6
