"""Tests of the keys: one spelling for each, a published set without secrets, signatures of one kind."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from webapp.security.signing_keys import (
    InvalidKeys,
    InvalidSignature,
    UnknownKey,
    new_keys,
    parse_public_keys,
    parse_signing_keys,
)

TIME = datetime(2026, 11, 25, 3, 4, 5, tzinfo=UTC)
KEYS = new_keys(TIME)


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_another_library_verifies_a_signature() -> None:
    header, payload, signature = KEYS.sign(b"content", kind="a").split(".")
    (key,) = KEYS.public.jwk_set()["keys"]
    public = Ed25519PublicKey.from_public_bytes(decoded(key["x"]))
    public.verify(decoded(signature), f"{header}.{payload}".encode())
    assert json.loads(decoded(header)) == {"alg": "Ed25519", "kid": key["kid"], "typ": "a"}
    assert decoded(payload) == b"content"


def test_a_set_survives_its_text_and_a_rotation() -> None:
    rotated = KEYS.rotated(TIME + timedelta(days=1)).rotated(TIME + timedelta(days=2), revoke=True)
    parsed = parse_signing_keys(rotated.to_json())
    assert parsed.public == rotated.public
    assert [key.status for key in parsed.public.keys] == ["current", "revoked", "retired"]
    assert parsed.public.keys[2].kid == KEYS.public.keys[0].kid
    published = json.dumps(rotated.public.jwk_set())
    assert '"d"' not in published
    assert parse_public_keys(published) == rotated.public
    # A signature from before both rotations.
    key, _ = parsed.public.verify(KEYS.sign(b"old", kind="a"), kind="a")
    assert key.retired == TIME + timedelta(days=1)


def test_any_key_can_be_revoked_by_its_id() -> None:
    later = TIME + timedelta(days=3)
    rotated = KEYS.rotated(TIME + timedelta(days=1)).rotated(TIME + timedelta(days=2))
    kids = [key.kid for key in rotated.public.keys]
    for place, statuses in (
        (2, ["current", "retired", "revoked"]),
        (1, ["current", "revoked", "retired"]),
        (0, ["current", "revoked", "retired", "retired"]),
    ):
        revoked = rotated.revoked(kids[place], later)
        assert [key.status for key in revoked.public.keys] == statuses
        key = revoked.public.find(kids[place])
        assert key is not None
        assert key.revoked == later
        assert key.retired == (rotated.public.keys[place].retired or later)
        assert parse_signing_keys(revoked.to_json()).public == revoked.public
        # A second time changes nothing.
        assert revoked.revoked(kids[place], later + timedelta(days=1)).public == revoked.public
    with pytest.raises(UnknownKey):
        rotated.revoked("x" * 43, later)


def test_a_signature_stands_for_its_key_kind_and_content_only() -> None:
    signature = KEYS.sign(b"content", kind="a")
    assert KEYS.public.verify(signature, kind="a") == (KEYS.public.keys[0], b"content")
    detached = KEYS.sign(b"content", kind="a", detached=True)
    KEYS.public.verify(detached, kind="a", payload=b"content")
    with pytest.raises(UnknownKey):
        new_keys(TIME).public.verify(signature, kind="a")
    for text, kind, payload in (
        (signature, "b", None),
        (detached, "a", b"Content"),
        (detached, "a", None),
        (signature, "a", b"content"),
        (signature + "=", "a", None),
        (signature + "\n", "a", None),
        ("", "a", None),
        ("x" * 100_000, "a", None),
    ):
        with pytest.raises(InvalidSignature):
            KEYS.public.verify(text, kind=kind, payload=payload)


def test_no_altered_character_of_a_signature_is_accepted() -> None:
    signature = KEYS.sign(b"content", kind="a")
    for place, character in enumerate(signature):
        for other in "AQgwx-.":
            if other == character:
                continue
            with pytest.raises(InvalidSignature):
                KEYS.public.verify(signature[:place] + other + signature[place + 1 :], kind="a")


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "Ed25519", "jku": "https://evil.example/keys"}]
)
def test_a_forged_header_is_refused(header: dict[str, str]) -> None:
    named = {**header, "kid": KEYS.public.keys[0].kid, "typ": "a"}
    forged = base64.urlsafe_b64encode(json.dumps(named).encode()).rstrip(b"=").decode()
    _, payload, signature = KEYS.sign(b"content", kind="a").split(".")
    for last in (signature, ""):
        with pytest.raises(InvalidSignature):
            KEYS.public.verify(f"{forged}.{payload}.{last}", kind="a")


@pytest.mark.parametrize("kid", ["", "\x1b[2Jauthentic", "This report is authentic", "a" * 44, 1, None])
def test_a_name_that_is_no_thumbprint_is_never_passed_on(kid: object) -> None:
    """People would see it as the name of a key, in a terminal too."""
    header = json.dumps({"alg": "Ed25519", "kid": kid, "typ": "a"}).encode()
    forged = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    _, payload, signature = KEYS.sign(b"content", kind="a").split(".")
    with pytest.raises(InvalidSignature) as refusal:
        KEYS.public.verify(f"{forged}.{payload}.{signature}", kind="a")
    assert not isinstance(refusal.value, UnknownKey)
    assert refusal.value.kid == ""


def test_unusable_sets_are_refused() -> None:
    whole = json.loads(KEYS.to_json())
    (key,) = whole["keys"]
    other = json.loads(new_keys(TIME).to_json())["keys"][0]
    for keys in (
        [],
        [{**key, "d": other["d"]}],
        [{**key, "x": other["x"]}],
        [{**key, "x": key["x"][:-1]}],
        [{**key, "crv": "X25519"}],
        [{name: value for name, value in key.items() if name != "iat"}],
        [key, key],
        [key, other],
        [{**key, "exp": 5}],
    ):
        with pytest.raises(InvalidKeys) as refusal:
            parse_signing_keys(json.dumps({"keys": keys}))
        assert key["d"] not in str(refusal.value)
    for text in ("", "[]", "{}", "[" * 100_000, '{"keys": [1]}'):
        with pytest.raises(InvalidKeys):
            parse_public_keys(text)
