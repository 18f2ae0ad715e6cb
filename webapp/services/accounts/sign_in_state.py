"""What a browser keeps for us while it is away at the provider: sealed, so that nobody else can read, make or change it."""

from __future__ import annotations

import time
from dataclasses import asdict

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey

from webapp.domain.errors import Refused
from webapp.services.accounts.openid_client import AuthorizationRequest

LASTS = 600  # seconds for which one may be away
_HEADER = {"alg": "dir", "enc": "A256GCM"}


class SignInStateCipher:
    """Its key lives as long as the process: whoever is away while the server restarts begins anew."""

    def __init__(self) -> None:
        self._key = OctKey.generate_key(256)
        self._registry = JWERegistry(algorithms=list(_HEADER.values()))

    def seal(self, asked: AuthorizationRequest) -> str:
        return jwt.encode(
            _HEADER, {**asdict(asked), "exp": int(time.time()) + LASTS}, self._key, registry=self._registry
        )

    def opened(self, sealed: str | None) -> AuthorizationRequest:
        """Raises Refused: sign_in_lost (none, another server's, expired)."""
        try:
            claims = jwt.decode(sealed or "", self._key, registry=self._registry).claims
            jwt.JWTClaimsRegistry().validate(claims)
        except (JoseError, ValueError) as error:
            raise lost() from error
        return AuthorizationRequest(claims["state"], claims["nonce"], claims["verifier"])


def lost() -> Refused:
    return Refused(
        "sign_in_lost",
        "This sign-in was begun in another browser, too long ago, or already used. Please start again.",
    )
