"""Encrypted sign-in state that a browser keeps during its visit to the OpenID provider."""

from __future__ import annotations

import time
from dataclasses import asdict

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey

from webapp.domain.errors import Refused
from webapp.services.accounts.openid_client import AuthorizationRequest

# Seconds that a person may spend at the provider.
LASTS = 600
_HEADER = {"alg": "dir", "enc": "A256GCM"}


class SignInStateCipher:
    """Encrypts and authenticates authorization requests.

    The key lives as long as the process. After a restart of the server a person has to start again.
    """

    def __init__(self) -> None:
        self._key = OctKey.generate_key(256)
        self._registry = JWERegistry(algorithms=list(_HEADER.values()))

    def seal(self, request: AuthorizationRequest) -> str:
        """Return the request as an encrypted token that expires after LASTS seconds."""
        claims = {**asdict(request), "exp": int(time.time()) + LASTS}
        return jwt.encode(_HEADER, claims, self._key, registry=self._registry)

    def unseal(self, token: str | None) -> AuthorizationRequest:
        """Return the request in the token.

        Raises Refused with sign_in_lost if the token is missing, expired or made by another process.
        """
        try:
            claims = jwt.decode(token or "", self._key, registry=self._registry).claims
            jwt.JWTClaimsRegistry().validate(claims)
        except (JoseError, ValueError) as error:
            raise sign_in_lost() from error
        return AuthorizationRequest(claims["state"], claims["nonce"], claims["verifier"])


def sign_in_lost() -> Refused:
    return Refused(
        "sign_in_lost",
        "This sign-in was begun in another browser, too long ago, or already used. Please start again.",
    )
