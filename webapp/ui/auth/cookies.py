"""The cookie of a session: unreadable for scripts, never sent by requests from other sites. And that of a sign-in under way elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.responses import Response

NAME = "lens_session"
AWAY = "__Host-lens_away"  # by its beginning browsers take it by HTTPS only, and from this host alone


def read(headers: Mapping[str, str], name: str = NAME) -> str | None:
    """The token in the request's cookies; None where there is none."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return found.value if found else None


def give(response: Response, token: str, *, secure: bool) -> None:
    """A session cookie in both senses: it ends with the browser, and the server ends it after hours."""
    response.set_cookie(NAME, token, path="/", httponly=True, samesite="strict", secure=secure)


def take(response: Response, *, secure: bool) -> None:
    response.delete_cookie(NAME, path="/", httponly=True, samesite="strict", secure=secure)


def send_along(response: Response, sealed: str, *, seconds: int) -> None:
    """For whoever is sent to another site and back: `lax`, since the way back begins there."""
    response.set_cookie(AWAY, sealed, max_age=seconds, path="/", httponly=True, samesite="lax", secure=True)


def take_back(response: Response) -> None:
    response.delete_cookie(AWAY, path="/", httponly=True, samesite="lax", secure=True)
