from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel

from webapp.domain.iso_time import IsoTime


class Event(BaseModel):
    at: IsoTime


def test_json_has_the_offset_and_python_has_the_datetime() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)
    event = Event(at=moment)
    assert event.model_dump(mode="json") == {"at": "2026-01-02T03:04:05.000678+00:00"}
    assert event.model_dump() == {"at": moment}
    assert Event.model_validate_json(event.model_dump_json()) == event
