"""What happens to cases is told twice: to the audit log, and to the host's webhook where there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from webapp.db.audit_chain import Event
from webapp.db.tables import Outbox
from webapp.domain.clock import now
from webapp.domain.enums import Action
from webapp.domain.ids import new_id
from webapp.services.audit.log import AuditService, Tell

SENT = (Action.CASE_OPENED, Action.CASE_DECIDED, Action.CASE_UNDONE)  # to the webhook


class CaseEvents:
    """`hooked`: there is a webhook; without one nothing is put into the outbox."""

    def __init__(self, audit: AuditService, *, webhook: bool = False) -> None:
        self._audit = audit
        self._hooked = webhook

    @contextmanager
    def transaction(self) -> Iterator[tuple[Session, Tell]]:
        """A session, and what to call with each event: done, told and to be sent, or none of it. Raises what the database raises."""
        with self._audit.transaction() as (session, tell):

            def both(event: Event) -> None:
                tell(event)
                if self._hooked and event.action in SENT:
                    session.add(_message(event))

            yield session, both


def case_subject(public_id: str) -> str:
    """What the log calls a case."""
    return f"case:{public_id}"


def _message(event: Event) -> Outbox:
    """Nobody is named in it, neither visitor nor moderator."""
    moment, public_id = now(), new_id()
    said = {
        key: value
        for key, value in event.details.items()
        if key in ("reason", "value", "how", "model_sha256")
    }
    case = event.subject.removeprefix("case:")
    body = {
        "id": public_id,
        "event": str(event.action),
        "created_at": moment.isoformat(),
        "case": case,
        **said,
    }
    return Outbox(
        public_id=public_id,
        created_at=moment,
        event=str(event.action),
        body=json.dumps(body),
        tries=0,
        next_at=moment,
    )
