"""OpenID Connect client: authorization code flow with PKCE (RFC 7636), state and nonce. Needs Authlib."""

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
# Timeout of each request to the provider.
REQUEST_SECONDS = 10.0
# Sign-ins that talk to the provider at the same time.
_CONCURRENCY = 8
# Lifetime of the cached provider configuration.
_CONFIGURATION_SECONDS = 3600.0
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
# Signature algorithms of an ID token. All are asymmetric: public keys cannot forge a signature.
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
# Seconds by which the provider's clock may differ.
_CLOCK_SKEW = 60


@dataclass(frozen=True)
class AuthorizationRequest:
    """Secrets of one sign-in, checked when the browser returns from the provider.

    The provider learns `verifier` only when the code is redeemed.
    """

    state: str
    nonce: str
    verifier: str


class OpenIDClient:
    """Client of one provider. `seconds` limits the total time of each request, even of a slow response."""

    def __init__(
        self,
        oauth: SpaceOAuth,
        callback: str,
        *,
        organisation_id: str | None = None,
        seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._oauth = oauth
        self._callback = callback
        # The Hub asks the person to let the Space see this organisation.
        self._extra_parameters = {} if organisation_id is None else {"orgIds": organisation_id}
        self._seconds = seconds
        self._slots = Semaphore(_CONCURRENCY)
        self._endpoints_cache: tuple[float, Mapping[str, str]] | None = None

    async def authorization_url(self) -> tuple[str, AuthorizationRequest]:
        """Return the address to send a browser to, and the secrets that `identify` needs when it returns.

        Raises Refused with provider_unavailable or provider_busy.
        """
        request = AuthorizationRequest(new_token(), new_token(), secrets.token_urlsafe(48))
        async with self._client() as client:
            endpoints = await self._endpoints(client)
            url, _ = client.create_authorization_url(
                endpoints["authorization_endpoint"],
                state=request.state,
                nonce=request.nonce,
                code_verifier=request.verifier,
                **self._extra_parameters,
            )
        return str(url), request

    async def identify(self, code: str, request: AuthorizationRequest) -> Identity:
        """Redeem an authorization code and return the identity that it was issued for.

        Raises Refused with provider_refused (unknown, used or expired code), identity_invalid (ID token or
        userinfo does not verify), provider_unavailable or provider_busy.
        """
        async with self._client() as client:
            endpoints = await self._endpoints(client)
            with anyio.fail_after(self._seconds), _as_value_error():
                token = await client.fetch_token(
                    endpoints["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=request.verifier,
                )
            published = await self._get_json(client, endpoints["jwks_uri"], withhold_token=True)
            with _as_value_error():
                keys = KeySet.import_key_set({"keys": published["keys"]})
            subject = self._verified_subject(token.get("id_token"), keys, request.nonce)
            userinfo = await self._get_json(client, endpoints["userinfo_endpoint"])
            # OpenID Connect Core 1.0, section 5.3.2.
            if userinfo.get("sub") != subject:
                raise _identity_invalid("the userinfo is another person's")
            return read_identity(self._oauth.provider, userinfo)

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[AsyncOAuth2Client]:
        """Yield a client for one sign-in, and turn its errors into Refused."""
        # Refuse instead of waiting, so that a slow provider cannot pile up sign-ins.
        if self._slots.locked():
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
            async with self._slots, client:
                yield client
        except OAuthError as error:
            logger.warning("the OpenID provider refused: %s", error.error)
            raise Refused(
                "provider_refused", "Hugging Face did not confirm this sign-in. Please start again."
            ) from error
        except JoseError as error:
            raise _identity_invalid(type(error).__name__) from error
        # TimeoutError is an OSError.
        except (httpx2.HTTPError, OSError, ValueError) as error:
            logger.warning("the request to the OpenID provider failed: %s", type(error).__name__)
            raise Refused(
                "provider_unavailable",
                "Hugging Face cannot be asked who you are at the moment. Please try again later.",
            ) from error

    async def _endpoints(self, client: AsyncOAuth2Client) -> Mapping[str, str]:
        """Return the provider's endpoints, cached. Raises ValueError if its configuration is malformed."""
        if self._endpoints_cache is not None and time.monotonic() < self._endpoints_cache[0]:
            return self._endpoints_cache[1]
        configuration_url = f"{self._oauth.provider}/.well-known/openid-configuration"
        configuration = await self._get_json(client, configuration_url, withhold_token=True)
        if str(configuration.get("issuer")).rstrip("/") != self._oauth.provider:
            raise ValueError("another provider's configuration")
        endpoints = {name: str(configuration.get(name)) for name in _ENDPOINTS}
        scheme = urlsplit(self._oauth.provider).scheme
        if not all(url.startswith(f"{scheme}://") for url in endpoints.values()):
            raise ValueError("an endpoint that is not an address of the provider's scheme")
        self._endpoints_cache = time.monotonic() + _CONFIGURATION_SECONDS, endpoints
        return endpoints

    async def _get_json(self, client: AsyncOAuth2Client, url: str, **options: Any) -> dict[str, Any]:
        with anyio.fail_after(self._seconds):
            response = await client.request("GET", url, headers={"Accept": "application/json"}, **options)
        response.raise_for_status()
        with _as_value_error():
            content = response.json()
        if not isinstance(content, dict):
            raise ValueError("a response that is not an object")
        return content

    def _verified_subject(self, id_token: object, keys: KeySet, nonce: str) -> str:
        """Return the subject of an ID token verified by OpenID Connect Core 1.0, section 3.1.3.7.

        Raises JoseError and Refused.
        """
        if not isinstance(id_token, str):
            raise _identity_invalid("no ID token")
        registry = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        claims = jwt.decode(id_token, keys, registry=registry).claims
        required = JWTClaimsRegistry(
            leeway=_CLOCK_SKEW, sub={"essential": True}, exp={"essential": True}, iat={"essential": True}
        )
        required.validate(claims)
        client_id = self._oauth.client_id
        is_issuer = str(claims.get("iss")).rstrip("/") == self._oauth.provider
        if not is_issuer or claims.get("aud") not in (client_id, [client_id]):
            raise _identity_invalid("an ID token of another issuer or for another client")
        if claims.get("azp", client_id) != client_id or claims.get("nonce") != nonce:
            raise _identity_invalid("an ID token of another sign-in")
        return str(claims["sub"])


@contextmanager
def _as_value_error() -> Iterator[None]:
    """Raise ValueError if a library fails on JSON of an unexpected shape."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"a malformed response: {type(error).__name__}") from error


def _identity_invalid(reason: str) -> Refused:
    logger.warning("the OpenID provider sent an invalid identity: %s", reason)
    return Refused("identity_invalid", "What Hugging Face said about you does not hold. Please start again.")
