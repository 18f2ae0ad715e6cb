"""The cookie of a session: unreadable for scripts, never sent by requests from other sites."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.responses import Response

NAME = "lens_session"


def read(headers: Mapping[str, str]) -> str | None:
    """The token in the request's cookies; None where there is none."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(NAME)
    except CookieError:
        return None
    return found.value if found else None


def give(response: Response, token: str, *, secure: bool) -> None:
    """A session cookie in both senses: it ends with the browser, and the server ends it after hours."""
    response.set_cookie(NAME, token, path="/", httponly=True, samesite="strict", secure=secure)


def take(response: Response, *, secure: bool) -> None:
    response.delete_cookie(NAME, path="/", httponly=True, samesite="strict", secure=secure)
