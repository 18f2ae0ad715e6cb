"""Events of cases: entries of the audit log, and messages to the host's webhook in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from webapp.db.audit_chain import Event
from webapp.db.tables import OutboxMessage
from webapp.domain.enums import Action
from webapp.services.audit.log import AuditService, RecordEvent
from webapp.services.audit.outbox import outbox_message

# Actions that the webhook receives.
WEBHOOK_ACTIONS = (Action.CASE_OPENED, Action.CASE_DECIDED, Action.CASE_UNDONE)
# Details of an event that a message may hold. None of them names a visitor or moderator.
_PUBLIC_DETAILS = ("reason", "value", "how", "model_sha256")


class CaseEvents:
    """Records case events. If `webhook` is true, events of WEBHOOK_ACTIONS also go to the outbox."""

    def __init__(self, audit: AuditService, *, webhook: bool = False) -> None:
        self._audit = audit
        self._webhook = webhook

    @contextmanager
    def transaction(self) -> Iterator[tuple[Session, RecordEvent]]:
        """Yield a session and a function that records an event.

        The caller's changes, the audit entries and the webhook messages commit together. Raises what the
        database raises.
        """
        with self._audit.transaction() as (session, record_entry):

            def record(event: Event) -> None:
                record_entry(event)
                if self._webhook and event.action in WEBHOOK_ACTIONS:
                    session.add(_outbox_message(event))

            yield session, record


def case_subject(public_id: str) -> str:
    """Return the audit log's subject for a case."""
    return f"case:{public_id}"


def _outbox_message(event: Event) -> OutboxMessage:
    """Return the outbox row of an event. Its message names no visitor or moderator."""
    details = {key: value for key, value in event.details.items() if key in _PUBLIC_DETAILS}
    return outbox_message(str(event.action), {"case": event.subject.removeprefix("case:"), **details})
