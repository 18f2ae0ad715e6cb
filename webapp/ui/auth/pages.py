"""HTML pages of signing in: forms, confirmations and errors."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.accounts.totp import TotpOffer
from webapp.ui.templating import render


@dataclass(frozen=True)
class HuggingFaceLink:
    """The link to sign in with Hugging Face.

    `site` is the Space's direct address and `path` starts the sign-in there. If another page shows the
    form in a frame (`is_framed`), the link opens the direct address in a tab: frames get no cookies.
    """

    site: str
    path: str
    is_framed: bool


def sign_in(error: str = "", name: str = "", hugging_face: HuggingFaceLink | None = None) -> str:
    """Return the sign-in form.

    `error` explains why the last attempt was refused, and `name` is the name that was entered in it.
    """
    return render("auth/sign_in.jinja", error=error, name=name, hugging_face=hugging_face)


def choose_password(error: str = "", token: str = "") -> str:
    """Return the form in which the owner of an invitation link chooses a password."""
    return render("auth/password.jinja", error=error, token=token)


def second_factor(offer: TotpOffer, error: str = "") -> str:
    """Return the form that turns a second factor on with its first code."""
    return render("auth/second_factor.jinja", offer=offer, error=error)


def signed_in(desk: str) -> str:
    """Return a page that opens the desk by itself.

    A redirect would not work: browsers withhold a strict cookie if the redirects began on another site.
    """
    return render("auth/signed_in.jinja", desk=desk, error="")


def confirmation(*, title: str, message: str, address: str, link_text: str) -> str:
    """Return a page that confirms an action and links to `address`."""
    return _message(title, message=message, address=address, link_text=link_text)


def refusal(*, title: str, error: str, code: str, address: str, link_text: str) -> str:
    """Return a page with an error, the code to ask an admin about, and a link to try again."""
    return _message(title, error=error, code=code, address=address, link_text=link_text)


def _message(
    title: str, *, message: str = "", error: str = "", code: str = "", address: str, link_text: str
) -> str:
    return render(
        "auth/message.jinja",
        title=title,
        message=message,
        error=error,
        code=code,
        address=address,
        link_text=link_text,
    )
