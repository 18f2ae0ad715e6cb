"""Time-based one-time passwords (RFC 6238): code checks, and secrets on offer that wait for confirmation."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import pyotp

from webapp.domain.errors import Refused
from webapp.security.tokens import new_token

# Seconds in which an offered secret can be confirmed.
OFFER_SECONDS = 600
# Seconds of one time step.
_STEP_SECONDS = 30


@dataclass(frozen=True)
class TotpOffer:
    """A new secret that is not in force yet.

    `token` stands for the offer in the form. `address` is the otpauth: URI that an authenticator app reads.
    `replaces`: the account has a second factor already; a code of that one is needed too.
    """

    token: str
    secret: str
    address: str
    replaces: bool


class TotpOffers:
    """The latest offer of each account, in the memory of this process. Thread-safe.

    Offers do not survive a restart of the server.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[int, tuple[TotpOffer, float]] = {}

    def make(self, account_id: int, name: str, *, replaces: bool) -> TotpOffer:
        """Offer a new secret to an account. Its earlier offer ends."""
        secret = pyotp.random_base32()
        address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="LAA-Net Lens")
        offer = TotpOffer(new_token(), secret, address, replaces)
        with self._lock:
            self._pending[account_id] = offer, self._clock() + OFFER_SECONDS
        return offer

    def find(self, account_id: int, token: str) -> TotpOffer:
        """Return the pending offer.

        Raises Refused with offer_expired if the token is unknown, another account's, used, replaced or too
        old.
        """
        with self._lock:
            offer, deadline = self._pending.get(account_id, (None, 0.0))
        if offer is None or self._clock() > deadline or not _equal(token, offer.token):
            raise Refused(
                "offer_expired",
                "This key is no longer on offer: it is older than 10 minutes, or another one was made since.",
            )
        return offer

    def end(self, account_id: int) -> None:
        with self._lock:
            self._pending.pop(account_id, None)


def matching_time_step(secret: str, code: str) -> int | None:
    """Return the number of the time step that the code belongs to, None for a wrong code.

    The present step and its two neighbours are accepted.
    """
    totp = pyotp.TOTP(secret)
    present = int(time.time()) // _STEP_SECONDS
    digits = "".join(code.split())
    if not digits.isascii() or not digits.isdigit():
        return None
    for step in (present, present - 1, present + 1):
        if pyotp.utils.strings_equal(digits, totp.generate_otp(step)):
            return step
    return None


def _equal(token: str, expected: str) -> bool:
    return secrets.compare_digest(token.encode(errors="surrogatepass"), expected.encode())
