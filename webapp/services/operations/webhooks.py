"""Webhook: delivery of case events to the host's program, signed by the Standard Webhooks scheme.

Messages wait in the outbox until the receiver answers with 2xx, so each arrives at least once. The scheme:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import logging
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from webapp.db.session import Sessions
from webapp.db.tables import OutboxMessage
from webapp.domain.clock import now
from webapp.domain.errors import Unable

logger = logging.getLogger(__name__)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
# Doublings of the first wait after which LONGEST_WAIT is certainly reached.
_MAX_DOUBLINGS = 20
# Seconds that a receiver may take.
_TIMEOUT = 10.0
# Most messages in one run, because the scheduler has other tasks.
_MAX_MESSAGES = 50
# Time during which no other process may send a leased message.
_LEASE = timedelta(minutes=2)
# Prefix of a base64 secret.
_SECRET_PREFIX = "whsec_"


class WebhookSender:
    """Sends the messages of the outbox to one address, oldest first.

    Receivers recognise duplicates by `webhook-id`.
    """

    def __init__(self, sessions: Sessions, *, url: str, secret: str) -> None:
        """Derive the signing key from `secret`. Raises Unable with invalid_webhook_secret."""
        self._sessions = sessions
        self._url = url
        self._secret = secret
        self._key = signing_key(secret)
        self._opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))

    def send(self) -> int:
        """Send the due messages until one fails. Return the number of messages that the receiver accepted.

        The network is used between two transactions: the first leases the message, the second deletes it.
        Raises SQLAlchemyError.
        """
        sent = 0
        while sent < _MAX_MESSAGES and (message := self.lease_next()) is not None:
            if not self._post(message):
                break
            with self._sessions.begin() as session:
                session.execute(delete(OutboxMessage).where(OutboxMessage.id == message.id))
            sent += 1
        return sent

    def lease_next(self) -> OutboxMessage | None:
        """Lease the oldest due message and return it.

        Return None if no message is due, or if another process leased it first. The next attempt is scheduled
        at once, in case this process dies or the receiver refuses the message.
        """
        moment = now()
        with self._sessions.begin() as session:
            message = session.scalar(
                select(OutboxMessage)
                .where(OutboxMessage.next_at <= moment)
                .order_by(OutboxMessage.id)
                .limit(1)
            )
            if message is None:
                return None
            next_at = moment + max(retry_wait(message.tries), _LEASE)
            lease = (
                update(OutboxMessage)
                .where(OutboxMessage.id == message.id, OutboxMessage.tries == message.tries)
                .values(tries=message.tries + 1, next_at=next_at)
                .execution_options(synchronize_session=False)
            )
            result: Any = session.execute(lease)
            # No row is updated if another process leased the message first.
            return message if result.rowcount == 1 else None

    def _post(self, message: OutboxMessage) -> bool:
        """Send a message. Return whether the receiver answered with 2xx."""
        sent_at = str(int(now().timestamp()))
        body = message.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "laanet-lens",
            "webhook-id": message.public_id,
            "webhook-timestamp": sent_at,
            "webhook-signature": signature(self._key, message.public_id, sent_at, body),
            **_former_headers(self._secret, message, sent_at),
        }
        # The settings allow http and https only.
        request = urllib.request.Request(self._url, data=body, headers=headers, method="POST")
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                response.read(1)
            return True
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            logger.warning("the webhook did not take a message, try %d: %s", message.tries + 1, error)
            return False


def signing_key(secret: str) -> bytes:
    """Return the signing key: the base64 after `whsec_`, decoded, or the bytes of any other secret.

    Raises Unable with invalid_webhook_secret.
    """
    if not secret.startswith(_SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except ValueError as error:
        raise Unable(
            "invalid_webhook_secret", f"the webhook's secret must be base64 after {_SECRET_PREFIX}"
        ) from error


def signature(key: bytes, message_id: str, sent_at: str, body: bytes) -> str:
    """Return `v1,` and the base64 HMAC-SHA256 of `<id>.<timestamp>.<body>`.

    The timestamp (seconds since 1970) is signed, so that a receiver can refuse replayed messages by their
    age.
    """
    content = f"{message_id}.{sent_at}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def retry_wait(tries: int) -> timedelta:
    """Return the wait before the next attempt after `tries` earlier ones. It doubles up to LONGEST_WAIT."""
    return min(FIRST_WAIT * (1 << min(tries, _MAX_DOUBLINGS)), LONGEST_WAIT)


def _former_headers(secret: str, message: OutboxMessage, sent_at: str) -> dict[str, str]:
    """Return the headers of the previous signature scheme, which older receivers still expect."""
    content = sent_at.encode() + b"." + message.body.encode()
    digest = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    return {
        "X-Lens-Event": message.event,
        "X-Lens-Id": message.public_id,
        "X-Lens-Timestamp": sent_at,
        "X-Lens-Signature": f"sha256={digest}",
    }


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Refuses redirects, so that a message that was signed for one address is sent to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None
