"""Tell the host's own program what happened to cases: signed, and again and again until it has arrived."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import logging
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from webapp.db.session import Sessions
from webapp.db.tables import Outbox
from webapp.domain.clock import now

logger = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)
_SECONDS = 10.0  # a receiver may take
_AT_ONCE = 50  # messages in one run: the clock has other things to do
_HELD = timedelta(minutes=2)  # nobody else sends a message in that time


class WebhookSender:
    """Sends what is in the outbox, oldest first, to one address; at least once each, so a receiver looks at the message's `id`."""

    def __init__(self, sessions: Sessions, *, url: str, secret: str) -> None:
        self._sessions = sessions
        self._url = url
        self._secret = secret
        self._opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))

    def send(self) -> int:
        """What is due; how many arrived. Stops at the first failure: whoever does not answer one will not answer the next.

        The network is used between two transactions: the first holds the message, the second takes it out. Raises SQLAlchemyError.
        """
        sent = 0
        while sent < _AT_ONCE and (message := self._hold()) is not None:
            if not self._post(message):
                break
            with self._sessions.begin() as session:
                session.execute(delete(Outbox).where(Outbox.id == message.id))
            sent += 1
        return sent

    def _hold(self) -> Outbox | None:
        """The next message that is due, which is due again, should this process end, or the receiver refuse it, only later."""
        moment = now()
        with self._sessions.begin() as session:
            found = session.scalar(
                select(Outbox).where(Outbox.next_at <= moment).order_by(Outbox.id).limit(1)
            )
            if found is None:
                return None
            taken = update(Outbox).where(Outbox.id == found.id, Outbox.tries == found.tries)
            held = taken.values(tries=found.tries + 1, next_at=moment + max(wait(found.tries), _HELD))
            mine: Any = session.execute(held.execution_options(synchronize_session=False))
            return found if mine.rowcount == 1 else None

    def _post(self, message: Outbox) -> bool:
        moment, body = now(), message.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "laanet-lens",
            "X-Lens-Event": message.event,
            "X-Lens-Id": message.public_id,
            "X-Lens-Timestamp": timestamp(moment),
            "X-Lens-Signature": signature(self._secret, timestamp(moment), body),
        }
        request = urllib.request.Request(
            self._url, body, headers, method="POST"
        )  # http(s) only: see the settings
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                answer.read(1)
            return True
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            logger.warning("the webhook did not take a message, try %d: %s", message.tries + 1, error)
            return False


def wait(tries: int) -> timedelta:
    """Before the next try, after so many before this one: doubled each time."""
    return min(FIRST_WAIT * (1 << min(tries, 20)), LONGEST_WAIT)


def timestamp(moment: datetime) -> str:
    """Seconds since 1970, as they are signed."""
    return str(int(moment.timestamp()))


def signature(secret: str, sent_at: str, body: bytes) -> str:
    """HMAC-SHA256 of `<timestamp>.<body>`, in hexadecimal digits after `sha256=`. The time is part of it, so that a message that somebody
    has caught and sends again later can be told by its age.
    """
    return "sha256=" + hmac.new(secret.encode(), sent_at.encode() + b"." + body, hashlib.sha256).hexdigest()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is signed for one address goes to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None
