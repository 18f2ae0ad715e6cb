"""Tests of the sign-in pages."""

from __future__ import annotations

from webapp.services.accounts.totp import TotpOffer
from webapp.ui.auth import pages

HOSTILE = "<b onclick='x'>\""
ESCAPED = "&lt;b onclick=&#39;x&#39;&gt;&#34;"


def test_every_value_is_escaped() -> None:
    offer = TotpOffer(HOSTILE, "ABCDEFGH", HOSTILE, replaces=True)
    for page in (
        pages.sign_in(HOSTILE, HOSTILE, pages.HuggingFaceLink(HOSTILE, "/start", is_framed=False)),
        pages.sign_in(HOSTILE, HOSTILE, pages.HuggingFaceLink(HOSTILE, "/start", is_framed=True)),
        pages.choose_password(HOSTILE, HOSTILE),
        pages.second_factor(offer, HOSTILE),
        pages.signed_in(HOSTILE),
        pages.confirmation(title=HOSTILE, message=HOSTILE, address=HOSTILE, link_text=HOSTILE),
        pages.refusal(title=HOSTILE, error=HOSTILE, code=HOSTILE, address=HOSTILE, link_text=HOSTILE),
    ):
        assert ESCAPED in page
        assert HOSTILE not in page


def test_an_error_is_an_alert_and_a_page_without_one_has_none() -> None:
    assert '<p role="alert">Wrong password.</p>' in pages.sign_in("Wrong password.")
    assert 'role="alert"' not in pages.sign_in()


def test_the_key_is_shown_in_groups_of_four() -> None:
    page = pages.second_factor(TotpOffer("token", "ABCDEFGHIJ", "otpauth://x", replaces=False))
    assert "<code>ABCD EFGH IJ</code>" in page
    assert 'name="present"' not in page


def test_the_sign_in_form_offers_hugging_face_only_if_the_host_does() -> None:
    assert "Hugging Face" not in pages.sign_in()
    link = pages.HuggingFaceLink("https://lens.example", "/start", is_framed=False)
    assert 'href="https://lens.example/start"' in pages.sign_in(hugging_face=link)
