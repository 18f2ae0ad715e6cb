"""Messages to the host's webhook, written in the transaction of the event that they report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from webapp.db.tables import OutboxMessage
from webapp.domain.clock import now
from webapp.domain.ids import new_id


def outbox_message(event: str, content: Mapping[str, Any]) -> OutboxMessage:
    """Return the unsaved outbox row of an event: a JSON object of id, event, time and `content`.

    `content` must name no visitor or moderator.
    """
    moment = now()
    public_id = new_id()
    body = {"id": public_id, "event": event, "created_at": moment.isoformat(), **content}
    return OutboxMessage(
        public_id=public_id, created_at=moment, event=event, body=json.dumps(body), tries=0, next_at=moment
    )
