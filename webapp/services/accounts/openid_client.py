"""Asking an OpenID provider who somebody is: authorization code flow with PKCE (RFC 7636), state and nonce. Needs Authlib."""

from __future__ import annotations

import logging
import secrets
import time
from asyncio import Semaphore
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from webapp.domain.errors import Refused
from webapp.security.tokens import new_token
from webapp.services.accounts.membership_policy import Identity, read_identity
from webapp.settings import SpaceOAuth

logger = logging.getLogger(__name__)

SCOPES = ("openid", "profile", "read-memberships")
SECONDS = 10.0  # for each question to the provider
_AT_ONCE = 8  # sign-ins that ask it
_KNOWN_SECONDS = 3600.0  # for which its endpoints are taken for granted
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
_ALGORITHMS = (
    "RS256",
    "PS256",
    "ES256",
    "EdDSA",
)  # of an ID token's signature: none of them can be made with what is public
_SKEW = 60  # seconds that the provider's clock may be off


@dataclass(frozen=True)
class AuthorizationRequest:
    """What one browser was sent to the provider with, and must bring back. `verifier` never leaves browser and server before the end."""

    state: str
    nonce: str
    verifier: str


class OpenIDClient:
    """`seconds` for each question, whatever it sends in that time."""

    def __init__(
        self,
        oauth: SpaceOAuth,
        callback: str,
        *,
        organisation_id: str | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._oauth = oauth
        self._callback = callback
        self._more = (
            {} if organisation_id is None else {"orgIds": organisation_id}
        )  # has the Hub ask the person to let it be seen
        self._seconds = seconds
        self._room = Semaphore(_AT_ONCE)
        self._known: tuple[float, Mapping[str, str]] | None = None

    async def address(self) -> tuple[str, AuthorizationRequest]:
        """Where a browser is to be sent. Raises Refused: provider_unavailable, provider_busy."""
        asked = AuthorizationRequest(new_token(), new_token(), secrets.token_urlsafe(48))
        async with self._asking() as client:
            endpoints = await self._endpoints(client)
            address, _ = client.create_authorization_url(
                endpoints["authorization_endpoint"],
                state=asked.state,
                nonce=asked.nonce,
                code_verifier=asked.verifier,
                **self._more,
            )
        return str(address), asked

    async def identify(self, code: str, asked: AuthorizationRequest) -> Identity:
        """Whom the provider gave the code for.

        Raises Refused: provider_refused (a code that is made up, used or expired), identity_invalid (what it says of the person does not
        hold), provider_unavailable, provider_busy.
        """
        async with self._asking() as client:
            endpoints = await self._endpoints(client)
            with anyio.fail_after(self._seconds), _as_value_error():
                token = await client.fetch_token(
                    endpoints["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=asked.verifier,
                )
            published = await self._json(client, endpoints["jwks_uri"], withhold_token=True)
            with _as_value_error():
                keys = KeySet.import_key_set({"keys": published["keys"]})
            subject = self._subject(token.get("id_token"), keys, asked.nonce)
            userinfo = await self._json(client, endpoints["userinfo_endpoint"])
            if userinfo.get("sub") != subject:  # OpenID Connect Core 1.0, section 5.3.2
                raise _invalid("the userinfo is another person's")
            return read_identity(self._oauth.provider, userinfo)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AsyncOAuth2Client]:
        if self._room.locked():
            raise Refused("provider_busy", "Too many people are signing in. Please try again in a moment.")
        client = AsyncOAuth2Client(
            self._oauth.client_id,
            self._oauth.client_secret,
            scope=" ".join(SCOPES),
            redirect_uri=self._callback,
            code_challenge_method="S256",
            timeout=self._seconds,
        )
        try:
            async with self._room, client:
                yield client
        except OAuthError as error:
            logger.warning("the OpenID provider refused: %s", error.error)
            raise Refused(
                "provider_refused", "Hugging Face did not confirm this sign-in. Please start again."
            ) from error
        except JoseError as error:
            raise _invalid(type(error).__name__) from error
        except (httpx2.HTTPError, OSError, ValueError) as error:  # a TimeoutError is an OSError
            logger.warning("the OpenID provider could not be asked: %s", type(error).__name__)
            raise Refused(
                "provider_unavailable",
                "Hugging Face cannot be asked who you are at the moment. Please try again later.",
            ) from error

    async def _endpoints(self, client: AsyncOAuth2Client) -> Mapping[str, str]:
        if self._known is not None and time.monotonic() < self._known[0]:
            return self._known[1]
        said = await self._json(
            client, f"{self._oauth.provider}/.well-known/openid-configuration", withhold_token=True
        )
        if str(said.get("issuer")).rstrip("/") != self._oauth.provider:
            raise ValueError("another provider's configuration")
        endpoints = {name: str(said.get(name)) for name in _ENDPOINTS}
        scheme = urlsplit(self._oauth.provider).scheme
        if not all(address.startswith(f"{scheme}://") for address in endpoints.values()):
            raise ValueError("an endpoint that is no address")
        self._known = time.monotonic() + _KNOWN_SECONDS, endpoints
        return endpoints

    async def _json(self, client: AsyncOAuth2Client, address: str, **options: Any) -> dict[str, Any]:
        with anyio.fail_after(self._seconds):
            answer = await client.request("GET", address, headers={"Accept": "application/json"}, **options)
        answer.raise_for_status()
        with _as_value_error():
            said = answer.json()
        if not isinstance(said, dict):
            raise ValueError("an answer that is no object")
        return said

    def _subject(self, id_token: object, keys: KeySet, nonce: str) -> str:
        """Whom the ID token names, once all of OpenID Connect Core 1.0, section 3.1.3.7 holds. Raises JoseError, Refused."""
        if not isinstance(id_token, str):
            raise _invalid("no ID token")
        claims = jwt.decode(
            id_token, keys, registry=JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        ).claims
        JWTClaimsRegistry(
            leeway=_SKEW, sub={"essential": True}, exp={"essential": True}, iat={"essential": True}
        ).validate(claims)
        client_id = self._oauth.client_id
        if str(claims.get("iss")).rstrip("/") != self._oauth.provider or claims.get("aud") not in (
            client_id,
            [client_id],
        ):
            raise _invalid("an ID token for somebody else")
        if claims.get("azp", client_id) != client_id or claims.get("nonce") != nonce:
            raise _invalid("an ID token of another sign-in")
        return str(claims["sub"])


@contextmanager
def _as_value_error() -> Iterator[None]:
    """For libraries that read what a stranger wrote: JSON of another shape than they expect fails in any of these ways."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"an answer that cannot be read: {type(error).__name__}") from error


def _invalid(why: str) -> Refused:
    logger.warning("the OpenID provider said what does not hold: %s", why)
    return Refused("identity_invalid", "What Hugging Face said about you does not hold. Please start again.")
