"""Messages to a real receiver on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import select, update

from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Outbox
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.operations.webhooks import FIRST_WAIT, LONGEST_WAIT, WebhookSender, signature, wait

pytestmark = pytest.mark.both_databases
SECRET = "known to two programs only"


class Receiver:
    """Remembers what came, and answers with `status`."""

    def __init__(self) -> None:
        self.status, self.got, outer = 200, list[tuple[dict[str, str], bytes]](), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(outer.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?of=lens"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def hook(sessions: Sessions, receiver: Receiver) -> WebhookSender:
    return WebhookSender(sessions, url=receiver.url, secret=SECRET)


def decide(sessions: Sessions, value: str, *, webhook: bool = True) -> None:
    with CaseEvents(AuditService(sessions, None), webhook=webhook).transaction() as (_, tell):
        details = {"value": value, "how": "agreement", "model_sha256": "f" * 64, "note": "of somebody"}
        tell(Event(Actor.SYSTEM, Action.CASE_DECIDED, "case:" + "1" * 32, details))
        # Nobody else's business.
        tell(Event("user:7", Action.CASE_LABELLED, "case:" + "1" * 32, {"label": 1}))


def due(sessions: Sessions) -> None:
    """Let the time pass until everything is to be sent again."""
    with sessions.begin() as session:
        session.execute(update(Outbox).values(next_at=now() - timedelta(seconds=1)))


def test_messages_arrive_in_order_and_their_signature_holds(
    sessions: Sessions, receiver: Receiver, hook: WebhookSender
) -> None:
    for value in ("fake", "real"):
        decide(sessions, value)
    assert hook.send() == 2
    assert hook.send() == 0
    bodies = [json.loads(body) for _, body in receiver.got]
    assert [body["value"] for body in bodies] == ["fake", "real"]
    assert bodies[0].keys() == {"id", "event", "created_at", "case", "value", "how", "model_sha256"}
    for headers, body in receiver.got:
        signed = headers["X-Lens-Timestamp"].encode() + b"." + body
        assert (
            headers["X-Lens-Signature"]
            == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        )
        assert abs(int(headers["X-Lens-Timestamp"]) - now().timestamp()) < 30
        assert headers["X-Lens-Id"] == json.loads(body)["id"]
        later = str(int(headers["X-Lens-Timestamp"]) + 600)
        assert headers["X-Lens-Signature"] not in (
            signature(SECRET, later, body),
            signature(SECRET, headers["X-Lens-Timestamp"], body + b" "),
        )


@pytest.mark.parametrize("status", [500, 404, 302])
def test_what_is_not_taken_is_sent_again_later(
    sessions: Sessions, receiver: Receiver, hook: WebhookSender, status: int
) -> None:
    decide(sessions, "fake")
    decide(sessions, "real")
    receiver.status = status
    assert hook.send() == 0
    # Who does not take one will not take the next.
    assert len(receiver.got) == 1
    due(sessions)
    receiver.status = 204
    assert hook.send() == 2
    ids = [headers["X-Lens-Id"] for headers, _ in receiver.got]
    # The same message.
    assert ids[0] == ids[1]
    with sessions() as session:
        assert session.scalars(select(Outbox)).all() == []


def test_nobody_there_loses_nothing(sessions: Sessions, receiver: Receiver) -> None:
    decide(sessions, "fake")
    nobody = WebhookSender(sessions, url="http://127.0.0.1:9/", secret=SECRET)
    assert nobody.send() == 0
    # Not due.
    assert nobody.send() == 0
    with sessions() as session:
        message = session.scalars(select(Outbox)).one()
        assert message.tries == 1
        assert message.next_at > now() + timedelta(seconds=25)
    due(sessions)
    assert WebhookSender(sessions, url=receiver.url, secret=SECRET).send() == 1


def test_a_process_that_ends_while_it_sends_leaves_the_message(
    sessions: Sessions, receiver: Receiver, hook: WebhookSender
) -> None:
    decide(sessions, "fake")
    # And is gone.
    assert hook._hold() is not None
    assert hook.send() == 0
    due(sessions)
    assert hook.send() == 1


def test_what_is_rolled_back_is_never_sent(
    sessions: Sessions, receiver: Receiver, hook: WebhookSender
) -> None:
    def fail() -> None:
        with CaseEvents(AuditService(sessions, None), webhook=True).transaction() as (_, tell):
            tell(Event(Actor.SYSTEM, Action.CASE_OPENED, "case:x", {"reason": "audit"}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    decide(sessions, "fake", webhook=False)
    assert hook.send() == 0
    assert receiver.got == []


def test_the_wait_grows_and_ends() -> None:
    waits = [wait(tries) for tries in range(40)]
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits[-1] == LONGEST_WAIT
