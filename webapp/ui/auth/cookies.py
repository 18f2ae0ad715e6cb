"""Cookies of a session and of a sign-in with Hugging Face that is under way.

Scripts cannot read either of them. Browsers never send the session cookie with requests from other sites.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.responses import Response

SESSION = "lens_session"
# Browsers accept a cookie with the prefix `__Host-` over HTTPS only, and from this host alone.
SIGN_IN_STATE = "__Host-lens_away"


def read_cookie(headers: Mapping[str, str], name: str = SESSION) -> str | None:
    """Return a cookie's value, by default the session token; None if the request has no such cookie."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None


def set_session(response: Response, token: str, *, secure: bool) -> None:
    """Set the session cookie. It expires when the browser closes or the server ends the session."""
    response.set_cookie(SESSION, token, path="/", httponly=True, samesite="strict", secure=secure)


def clear_session(response: Response, *, secure: bool) -> None:
    """Delete the session cookie."""
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="strict", secure=secure)


def set_sign_in_state(response: Response, sealed: str, *, seconds: int) -> None:
    """Set the sealed state of a sign-in.

    The cookie is `lax`, because the provider's site sends the browser back to this one.
    """
    response.set_cookie(
        SIGN_IN_STATE, sealed, max_age=seconds, path="/", httponly=True, samesite="lax", secure=True
    )


def clear_sign_in_state(response: Response) -> None:
    """Delete the state of a sign-in."""
    response.delete_cookie(SIGN_IN_STATE, path="/", httponly=True, samesite="lax", secure=True)
