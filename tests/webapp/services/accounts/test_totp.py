"""One-time codes and pending offers."""

from __future__ import annotations

import time

import pyotp
import pytest

from tests.webapp.services.accounts.conftest import ManualClock
from tests.webapp.services.conftest import refusal_code
from webapp.services.accounts.totp import OFFER_SECONDS, TotpOffers, matching_time_step


@pytest.mark.parametrize(
    ("offset", "accepted"), [(-90, False), (-30, True), (0, True), (30, True), (90, False)]
)
def test_codes_of_the_present_step_and_its_neighbours_match(offset: int, accepted: bool) -> None:
    secret = pyotp.random_base32()
    moment = int(time.time()) + offset
    step = matching_time_step(secret, pyotp.TOTP(secret).at(moment))
    assert (step is not None) == accepted


@pytest.mark.parametrize("code", ["", "abcdef", "١٢٣٤٥٦"])
def test_other_text_never_matches(code: str) -> None:
    assert matching_time_step(pyotp.random_base32(), code) is None


def test_the_latest_offer_of_an_account_is_found_until_it_expires(clock: ManualClock) -> None:
    offers = TotpOffers(clock=clock)
    replaced, latest = (offers.make(1, "ada", replaces=False) for _ in range(2))
    assert refusal_code(offers.find, 1, replaced.token) == "offer_expired"
    assert refusal_code(offers.find, 2, latest.token) == "offer_expired"
    assert offers.find(1, latest.token) == latest
    clock.seconds += OFFER_SECONDS + 1
    assert refusal_code(offers.find, 1, latest.token) == "offer_expired"


def test_an_ended_offer_is_gone() -> None:
    offers = TotpOffers()
    offer = offers.make(1, "ada", replaces=True)
    offers.end(1)
    assert refusal_code(offers.find, 1, offer.token) == "offer_expired"
