"""Tests of the published keys: a JWK set that any page may read, without a secret."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from webapp.domain.clock import now
from webapp.domain.errors import Refused
from webapp.security.signing_keys import new_keys, parse_public_keys
from webapp.ui.well_known import REPORT_KEYS, report_keys_route


def test_the_set_is_public_and_complete() -> None:
    keys = new_keys(now()).rotated(now())
    with TestClient(Starlette(routes=[report_keys_route(keys.public.jwk_set)])) as client:
        answer = client.get(REPORT_KEYS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert parse_public_keys(answer.text) == keys.public
    assert all("d" not in key for key in answer.json()["keys"])


def test_unreadable_keys_give_an_error_with_a_code() -> None:
    def unreadable() -> dict[str, Any]:
        raise Refused("no_report_keys", "The keys cannot be read.")

    with TestClient(Starlette(routes=[report_keys_route(unreadable)])) as client:
        answer = client.get(REPORT_KEYS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_report_keys")
