"""Tests of the cookies."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from webapp.ui.auth import cookies


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("lens_session=abc", "abc"),
        ("other=1; lens_session=abc", "abc"),
        ("other=1", None),
        ("", None),
        ("bad cookie,=;;", None),
    ],
)
def test_read_cookie_finds_the_session_or_nothing(header: str, token: str | None) -> None:
    assert cookies.read_cookie({"cookie": header}) == token
    assert cookies.read_cookie({}) is None


def test_the_session_cookie_is_strict_and_hidden_from_scripts() -> None:
    for secure in (False, True):
        response = Response()
        cookies.set_session(response, "token", secure=secure)
        header = response.headers["set-cookie"].lower()
        assert header.startswith("lens_session=token;")
        assert "httponly" in header
        assert "samesite=strict" in header
        assert "max-age" not in header
        assert ("secure" in header) == secure


def test_the_sign_in_state_survives_the_way_back_from_another_site() -> None:
    response = Response()
    cookies.set_sign_in_state(response, "sealed", seconds=600)
    header = response.headers["set-cookie"].lower()
    assert header.startswith("__host-lens_away=sealed;")
    for attribute in ("httponly", "secure", "samesite=lax", "max-age=600", "path=/"):
        assert attribute in header


def test_cleared_cookies_expire_at_once() -> None:
    response = Response()
    cookies.clear_session(response, secure=True)
    cookies.clear_sign_in_state(response)
    for header in response.headers.getlist("set-cookie"):
        assert "Max-Age=0" in header
