"""Messages to a real receiver on the loopback, verified as a Standard Webhooks receiver does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import select, update

from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import OutboxMessage
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.operations.webhooks import (
    FIRST_WAIT,
    LONGEST_WAIT,
    WebhookSender,
    retry_wait,
    signature,
    signing_key,
)

pytestmark = pytest.mark.both_databases
SECRET = "known to two programs only"


class Receiver:
    """Receiver that records requests and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[tuple[Message, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.requests.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(outer.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?of=lens"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    thread = threading.Thread(target=running.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


@pytest.fixture
def hook(sessions: Sessions, receiver: Receiver) -> WebhookSender:
    return WebhookSender(sessions, url=receiver.url, secret=SECRET)


def decide(sessions: Sessions, value: str, *, webhook: bool = True) -> None:
    with CaseEvents(AuditService(sessions, None), webhook=webhook).transaction() as (_, record):
        details = {"value": value, "how": "agreement", "model_sha256": "f" * 64, "note": "of a moderator"}
        record(Event(Actor.SYSTEM, Action.CASE_DECIDED, "case:" + "1" * 32, details))
        # Labels are not sent.
        record(Event("user:7", Action.CASE_LABELLED, "case:" + "1" * 32, {"label": 1}))


def make_all_due(sessions: Sessions) -> None:
    """Move the next attempt of every message into the past."""
    with sessions.begin() as session:
        session.execute(update(OutboxMessage).values(next_at=now() - timedelta(seconds=1)))


def test_messages_arrive_in_order_and_their_signature_holds(
    sessions: Sessions, receiver: Receiver, hook: WebhookSender
) -> None:
    for value in ("fake", "real"):
        decide(sessions, value)
    assert hook.send() == 2
    assert hook.send() == 0
    bodies = [json.loads(body) for _, body in receiver.requests]
    assert [body["value"] for body in bodies] == ["fake", "real"]
    assert bodies[0].keys() == {"id", "event", "created_at", "case", "value", "how", "model_sha256"}
    for headers, body in receiver.requests:
        sent_at = headers["webhook-timestamp"]
        assert headers["webhook-id"] == json.loads(body)["id"]
        assert abs(int(sent_at) - now().timestamp()) < 30
        signed = b".".join([headers["webhook-id"].encode(), sent_at.encode(), body])
        digest = hmac.digest(SECRET.encode(), signed, "sha256")
        assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def test_receivers_of_the_edition_before_still_verify(
    sessions: Sessions, receiver: Receiver, hook: WebhookSender
) -> None:
    decide(sessions, "fake")
    hook.send()
    ((headers, body),) = receiver.requests
    signed = headers["X-Lens-Timestamp"].encode() + b"." + body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Lens-Signature"] == f"sha256={digest}"
    assert headers["X-Lens-Id"] == headers["webhook-id"]
    assert headers["X-Lens-Event"] == "case_decided"


def test_the_signature_of_the_specification() -> None:
    """The example that Standard Webhooks libraries are tested with."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    message_id, sent_at = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(key, message_id, sent_at, b'{"test": 2432232314}') == expected
    for change in (
        (key, "other", sent_at, b"x"),
        (key, message_id, "1614265331", b"x"),
        (b"k", message_id, sent_at, b"x"),
    ):
        assert signature(*change) != signature(key, message_id, sent_at, b"x")


def test_a_secret_is_base64_after_its_prefix_and_raw_bytes_without() -> None:
    assert signing_key("whsec_a2V5") == b"key"
    assert signing_key("known to two programs") == b"known to two programs"
    with pytest.raises(Unable) as unable:
        signing_key("whsec_not base64!")
    assert unable.value.code == "invalid_webhook_secret"


@pytest.mark.parametrize("status", [500, 404, 302])
def test_refused_messages_are_sent_again_later(
    sessions: Sessions, receiver: Receiver, hook: WebhookSender, status: int
) -> None:
    decide(sessions, "fake")
    decide(sessions, "real")
    receiver.status = status
    assert hook.send() == 0
    # A receiver that refuses one message gets no other.
    assert len(receiver.requests) == 1
    make_all_due(sessions)
    receiver.status = 204
    assert hook.send() == 2
    ids = [headers["webhook-id"] for headers, _ in receiver.requests]
    # The first message came twice.
    assert ids[0] == ids[1]
    with sessions() as session:
        assert session.scalars(select(OutboxMessage)).all() == []


def test_an_unreachable_receiver_loses_nothing(sessions: Sessions, receiver: Receiver) -> None:
    decide(sessions, "fake")
    unreachable = WebhookSender(sessions, url="http://127.0.0.1:9/", secret=SECRET)
    assert unreachable.send() == 0
    # The next attempt is not due.
    assert unreachable.send() == 0
    with sessions() as session:
        message = session.scalars(select(OutboxMessage)).one()
        assert message.tries == 1
        assert message.next_at > now() + timedelta(seconds=25)
    make_all_due(sessions)
    assert WebhookSender(sessions, url=receiver.url, secret=SECRET).send() == 1


def test_a_crash_after_the_lease_leaves_the_message(
    sessions: Sessions, receiver: Receiver, hook: WebhookSender
) -> None:
    decide(sessions, "fake")
    # The process dies after the lease.
    assert hook.lease_next() is not None
    assert hook.send() == 0
    make_all_due(sessions)
    assert hook.send() == 1


def test_rolled_back_events_are_never_sent(
    sessions: Sessions, receiver: Receiver, hook: WebhookSender
) -> None:
    def fail() -> None:
        with CaseEvents(AuditService(sessions, None), webhook=True).transaction() as (_, record):
            record(Event(Actor.SYSTEM, Action.CASE_OPENED, "case:x", {"reason": "audit"}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    decide(sessions, "fake", webhook=False)
    assert hook.send() == 0
    assert receiver.requests == []


def test_the_wait_doubles_up_to_its_limit() -> None:
    waits = [retry_wait(tries) for tries in range(40)]
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits[-1] == LONGEST_WAIT
