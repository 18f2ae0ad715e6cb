"""Messages to the webhook."""

from __future__ import annotations

import json

from webapp.services.audit.outbox import outbox_message


def test_a_message_is_due_at_once_and_has_an_id_of_its_own() -> None:
    first, second = (outbox_message("model_left_band", {"rate": "recall"}) for _ in range(2))
    assert first.public_id != second.public_id
    assert (first.tries, first.next_at) == (0, first.created_at)
    assert json.loads(first.body) == {
        "id": first.public_id,
        "event": "model_left_band",
        "created_at": first.created_at.isoformat(),
        "rate": "recall",
    }
