"""The encrypted sign-in state of a browser."""

from __future__ import annotations

from tests.webapp.services.conftest import refusal_code
from webapp.services.accounts.openid_client import AuthorizationRequest
from webapp.services.accounts.sign_in_state import SignInStateCipher

REQUEST = AuthorizationRequest("the state", "the nonce", "the verifier")


def test_a_sealed_request_comes_back() -> None:
    cipher = SignInStateCipher()
    token = cipher.seal(REQUEST)
    assert "verifier" not in token
    assert cipher.unseal(token) == REQUEST


def test_foreign_and_damaged_tokens_are_refused() -> None:
    cipher = SignInStateCipher()
    token = cipher.seal(REQUEST)
    header, rest = token.split(".", 1)
    for damaged in (None, "", "nonsense", SignInStateCipher().seal(REQUEST), f"{header}.x{rest}"):
        assert refusal_code(cipher.unseal, damaged) == "sign_in_lost"
