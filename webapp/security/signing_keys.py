"""Ed25519 keys that sign reports, as a JWK set (RFC 7517, RFC 8037), and their signatures (RFC 7515)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

# Name of the algorithm in RFC 9864. The older name "EdDSA" leaves the curve open.
ALGORITHM = "Ed25519"
KeyStatus = Literal["current", "retired", "revoked"]
# Longest signature in characters. Ours have about 300, or 1500 with a payload.
_MAX_JWS = 8192
# Most keys in a set. A set in a report's path is the host's own, but one from a file is not.
_MAX_KEYS = 1000
# Name of a key: a sha256 in base64url.
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
# Members of a JWK that make the key. All others describe it.
_PUBLIC_MEMBERS = ("kty", "crv", "x")


class _Registry(jws.JWSRegistry):
    """Limits of a signature. A report with many images is a long payload."""

    max_header_length = _MAX_JWS
    max_payload_length = 64_000_000
    max_signature_length = _MAX_JWS


class InvalidKeys(Exception):
    """A key set that cannot be used. The message gives the reason and never contains the set."""


class InvalidSignature(Exception):
    """A signature that no key of the set made. `kid` is the key that it names, "" if it names none."""

    def __init__(self, message: str, kid: str = "") -> None:
        super().__init__(message)
        self.kid = kid


class UnknownKey(InvalidSignature):
    """A signature by a key that is not in the set."""


@dataclass(frozen=True)
class PublicKey:
    """Published key. `x` is the key in base64url, `kid` its thumbprint (RFC 7638).

    `retired` is the time of the rotation that replaced it. `revoked` is the time at which the host declared
    that others may have it; then nothing signed with it is trusted. Times are to the second.
    """

    x: str
    created: datetime
    retired: datetime | None = None
    revoked: datetime | None = None

    @property
    def kid(self) -> str:
        """Return the thumbprint, which names the key."""
        return self.key.thumbprint()

    @property
    def key(self) -> OKPKey:
        """Return the key for a verification."""
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": self.x})

    @property
    def status(self) -> KeyStatus:
        """Return whether the key still signs, was replaced, or is no longer trusted."""
        if self.revoked is not None:
            return "revoked"
        return "current" if self.retired is None else "retired"

    def jwk(self) -> dict[str, Any]:
        """Return the key as a JWK. `iat`, `exp` and `revoked` are those of OpenID Federation 1.0."""
        members: dict[str, Any] = {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": self.x,
            "kid": self.kid,
            "use": "sig",
            "alg": ALGORITHM,
            "iat": int(self.created.timestamp()),
        }
        if self.retired is not None:
            members["exp"] = int(self.retired.timestamp())
        if self.revoked is not None:
            members["revoked"] = {"revoked_at": int(self.revoked.timestamp()), "reason": "compromised"}
        return members


@dataclass(frozen=True)
class PublicKeys:
    """Keys that verify reports, newest first."""

    keys: Sequence[PublicKey]

    def jwk_set(self) -> dict[str, Any]:
        """Return the set as it is published."""
        return {"keys": [key.jwk() for key in self.keys]}

    def find(self, kid: str) -> PublicKey | None:
        """Return the key with a thumbprint; None if the set has none."""
        return next((key for key in self.keys if key.kid == kid), None)

    def verify(self, signature: str, *, kind: str, payload: bytes | None = None) -> tuple[PublicKey, bytes]:
        """Return the key that made a compact JWS, and the payload.

        `kind` is the header's `typ`, so that a signature of one kind of file never stands for another.
        `payload` is the content of a detached signature. Raises UnknownKey and InvalidSignature.
        """
        is_detached = signature.count(".") == 2 and ".." in signature
        if not signature.isascii() or len(signature) > _MAX_JWS or is_detached != (payload is not None):
            raise InvalidSignature("the signature has a wrong form")
        kid = _kid_of(signature)
        key = self.find(kid)
        if key is None:
            raise UnknownKey("the key is not in the set", kid)
        try:
            verified = jws.deserialize_compact(
                signature,
                key.key,
                algorithms=[ALGORITHM],
                payload=payload,
                registry=_Registry(algorithms=[ALGORITHM]),
            )
        except (JoseError, ValueError) as error:
            raise InvalidSignature("the signature does not fit", kid) from error
        expected = {"alg": ALGORITHM, "kid": kid, "typ": kind}
        if verified.headers() != expected or not _is_canonical(signature):
            raise InvalidSignature("the signature has a wrong form", kid)
        return key, verified.payload


@dataclass(frozen=True)
class SigningKeys:
    """Key that signs, and all keys that were published. The first public key is that of `private`."""

    private: OKPKey
    public: PublicKeys

    def sign(self, payload: bytes, *, kind: str, detached: bool = False) -> str:
        """Return a compact JWS with `kind` as `typ`; a `detached` one leaves the payload out."""
        header = {"alg": ALGORITHM, "kid": self.public.keys[0].kid, "typ": kind}
        signature = jws.serialize_compact(header, payload, self.private, algorithms=[ALGORITHM])
        return jws.detach_content(signature) if detached else signature

    def rotated(self, time: datetime, *, revoke: bool = False) -> SigningKeys:
        """Return a set with a new key. The present one is retired and, with `revoke`, no longer trusted."""
        time = time.astimezone(UTC).replace(microsecond=0)
        present, *earlier = self.public.keys
        retired = replace(present, retired=time, revoked=time if revoke else None)
        created = new_keys(time)
        return SigningKeys(created.private, PublicKeys([*created.public.keys, retired, *earlier]))

    def revoked(self, kid: str, time: datetime) -> SigningKeys:
        """Return a set in which no report of a key is trusted. The present key is replaced by a new one.

        A key that was revoked before keeps the earlier time. Raises UnknownKey.
        """
        key = self.public.find(kid)
        if key is None:
            raise UnknownKey("the key is not in the set", kid)
        if key.status == "current":
            return self.rotated(time, revoke=True)
        revoked = replace(key, revoked=key.revoked or time.astimezone(UTC).replace(microsecond=0))
        keys = [revoked if one.kid == kid else one for one in self.public.keys]
        return SigningKeys(self.private, PublicKeys(keys))

    def to_json(self) -> str:
        """Return the set with its private key. Its holder can sign reports in the host's name."""
        first, *others = self.public.jwk_set()["keys"]
        secret = self.private.as_dict(private=True)["d"]
        return json.dumps({"keys": [{**first, "d": secret}, *others]}, indent=2)


def new_keys(time: datetime) -> SigningKeys:
    """Return a set of one new key, created at `time`."""
    private = OKPKey.generate_key("Ed25519")
    created = time.astimezone(UTC).replace(microsecond=0)
    x = str(private.as_dict(private=False)["x"])
    return SigningKeys(private, PublicKeys([PublicKey(x, created)]))


def parse_signing_keys(text: str) -> SigningKeys:
    """Read the text of `SigningKeys.to_json`. Raises InvalidKeys."""
    members = _members(text)
    with_secret = [member for member in members if "d" in member]
    if len(with_secret) != 1 or members[0] is not with_secret[0]:
        raise InvalidKeys("the first key of the set, and no other, must have a private part")
    public = _public_keys(members)
    if public.keys[0].status != "current":
        raise InvalidKeys("the first key of the set is retired")
    chosen = {name: members[0][name] for name in (*_PUBLIC_MEMBERS, "d")}
    try:
        private = OKPKey.import_key(chosen)
        probe = jws.serialize_compact({"alg": ALGORITHM}, b"probe", private, algorithms=[ALGORITHM])
        jws.deserialize_compact(probe, public.keys[0].key, algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError) as error:
        raise InvalidKeys("the private and the public part of the first key do not fit") from error
    return SigningKeys(private, public)


def parse_public_keys(text: str) -> PublicKeys:
    """Read a published JWK set. A private part is ignored. Raises InvalidKeys."""
    return _public_keys(_members(text))


def _members(text: str) -> list[dict[str, Any]]:
    try:
        members = json.loads(text)["keys"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise InvalidKeys('it is not a JWK set: {"keys": [...]}') from error
    is_list = isinstance(members, list) and all(isinstance(member, dict) for member in members)
    if not is_list or not 0 < len(members) <= _MAX_KEYS:
        raise InvalidKeys(f"a JWK set has 1 to {_MAX_KEYS} keys")
    return list(members)


def _public_keys(members: Sequence[dict[str, Any]]) -> PublicKeys:
    keys = [_public_key(member) for member in members]
    if len({key.x for key in keys}) != len(keys):
        raise InvalidKeys("the set has a key twice")
    return PublicKeys(keys)


def _public_key(member: dict[str, Any]) -> PublicKey:
    if (member.get("kty"), member.get("crv")) != ("OKP", "Ed25519"):
        raise InvalidKeys("a key of the set is no Ed25519 key")
    try:
        revoked = member.get("revoked")
        key = PublicKey(
            x=str(member["x"]),
            created=_time(member["iat"]),
            retired=None if "exp" not in member else _time(member["exp"]),
            revoked=None if revoked is None else _time(revoked["revoked_at"]),
        )
        kid = key.kid
        # The thumbprint is that of the text, so a key must have one spelling only.
        is_canonical = str(key.key.as_dict(private=False)["x"]) == key.x and len(_decoded(key.x)) == 32
    except (JoseError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise InvalidKeys("a key of the set is damaged") from error
    if not is_canonical or member.get("kid", kid) != kid:
        raise InvalidKeys("a key of the set is damaged")
    return key


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _kid_of(signature: str) -> str:
    """Return the key that a signature names.

    Raises InvalidSignature if its header cannot be read, or names no thumbprint: any other text would be
    shown to people as the name of a key.
    """
    try:
        header = json.loads(_decoded(signature.partition(".")[0]))
        kid = header["kid"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise InvalidSignature("the signature has a wrong form") from error
    if not isinstance(kid, str) or not _THUMBPRINT.fullmatch(kid):
        raise InvalidSignature("the signature names no key")
    return kid


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _is_canonical(signature: str) -> bool:
    """Return whether the last part is spelt as base64url encodes it.

    The last character carries unused bits, which a decoder ignores.
    """
    text = signature.rpartition(".")[2]
    return base64.urlsafe_b64encode(_decoded(text)).rstrip(b"=").decode() == text
