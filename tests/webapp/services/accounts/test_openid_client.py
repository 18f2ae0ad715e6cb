"""The OpenID client against a provider on the loopback.

`tests/webapp/ui/auth/test_hugging_face.py` has the attacks.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests import asynchronous
from tests.openid_provider import CALLBACK, SCOPES, OpenIDProvider
from webapp.domain.errors import Refused
from webapp.services.accounts.openid_client import OpenIDClient
from webapp.settings import from_environment


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIDProvider]:
    with OpenIDProvider() as running:
        yield running


@pytest.fixture
def client(provider: OpenIDProvider) -> OpenIDClient:
    oauth = from_environment(provider.environment).oauth
    assert oauth is not None
    return OpenIDClient(oauth, CALLBACK, organisation_id="f" * 24, seconds=5)


def redirect_parameters(url: str) -> dict[str, str]:
    """Visit the provider, consent, and return the parameters of the way back."""
    return dict(parse_qsl(urlsplit(httpx.get(url).headers["location"]).query))


def test_the_address_holds_state_nonce_and_challenge(client: OpenIDClient) -> None:
    url, request = asynchronous.run(client.authorization_url())
    parameters = dict(parse_qsl(urlsplit(url).query))
    assert (parameters["state"], parameters["nonce"]) == (request.state, request.nonce)
    assert (parameters["scope"], parameters["orgIds"]) == (SCOPES, "f" * 24)
    digest = hashlib.sha256(request.verifier.encode()).digest()
    assert parameters["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert request.verifier not in url


def test_a_code_identifies_the_person_once(client: OpenIDClient) -> None:
    async def sign_in() -> None:
        url, request = await client.authorization_url()
        back = await asyncio.to_thread(redirect_parameters, url)
        assert back["state"] == request.state
        identity = await client.identify(back["code"], request)
        assert (identity.subject, identity.user_name) == ("u1", "Ada-L")
        with pytest.raises(Refused) as refusal:
            await client.identify(back["code"], request)
        assert refusal.value.code == "provider_refused"

    asynchronous.run(sign_in())


def test_a_code_of_another_sign_in_is_refused(client: OpenIDClient) -> None:
    async def sign_in() -> None:
        url, request = await client.authorization_url()
        back = await asyncio.to_thread(redirect_parameters, url)
        with pytest.raises(Refused) as refusal:
            await client.identify(back["code"], replace(request, nonce="another nonce"))
        assert refusal.value.code == "identity_invalid"

    asynchronous.run(sign_in())
