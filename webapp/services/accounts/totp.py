"""Second factors on offer: keys that the server made and nobody has confirmed yet."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass

import pyotp

from webapp.domain.errors import Refused
from webapp.security.tokens import new_token

GOOD_FOR = 600  # seconds


@dataclass(frozen=True)
class TotpOffer:
    """`token` stands for it in the form; `address` is what an authenticator app reads the secret from (otpauth:).

    `replaces`: the account has a second factor, and a code of that one is needed too.
    """

    token: str
    secret: str
    address: str
    replaces: bool


class TotpOffers:
    """One for each account, the last that was made, in the memory of this process: whoever is at it while the server restarts begins anew.
    Safe between threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[int, tuple[TotpOffer, float]] = {}

    def make(self, account_id: int, name: str, *, replaces: bool) -> TotpOffer:
        secret = pyotp.random_base32()
        offer = TotpOffer(
            new_token(),
            secret,
            pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="LAA-Net Lens"),
            replaces,
        )
        with self._lock:
            self._made[account_id] = offer, time.monotonic() + GOOD_FOR
        return offer

    def find(self, account_id: int, token: str) -> TotpOffer:
        """Raises Refused: offer_expired (another account's, replaced by a later one, used, older than GOOD_FOR, or none)."""
        with self._lock:
            offer, until = self._made.get(account_id, (None, 0.0))
        if (
            offer is None
            or time.monotonic() > until
            or not secrets.compare_digest(token.encode(errors="surrogatepass"), offer.token.encode())
        ):
            raise Refused(
                "offer_expired",
                "This key is no longer on offer: it is older than 10 minutes, or another one was made since.",
            )
        return offer

    def end(self, account_id: int) -> None:
        with self._lock:
            self._made.pop(account_id, None)
