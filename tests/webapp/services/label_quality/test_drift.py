"""Drift alarm: each change is reported once, by the audit log and the webhook."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from laanet_core.results import ModelInfo
from tests.audited_faces import add_audited
from webapp.db.session import Sessions
from webapp.db.tables import AuditEntry, Case, OutboxMessage
from webapp.domain.enums import ModelRate
from webapp.services.audit.log import AuditService
from webapp.services.label_quality.drift import DriftAlarm, RateInBand
from webapp.services.label_quality.model_measures import ModelMeasureService

pytestmark = pytest.mark.both_databases
MODEL = ModelInfo("net", "fff", "f" * 64)
JULY, AUGUST = (datetime(2026, month, 15, tzinfo=UTC) for month in (7, 8))


def alarm_on(sessions: Sessions, low: float = 0.8, model: ModelInfo = MODEL) -> DriftAlarm:
    """Return an alarm in a new process, which has computed nothing yet."""
    return DriftAlarm(
        AuditService(sessions, None),
        ModelMeasureService(sessions, delay=timedelta(0)),
        lambda: model,
        bands={ModelRate.RECALL: (low, 1.0)},
        webhook=True,
    )


def events(sessions: Sessions) -> list[tuple[str, str]]:
    with sessions() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [
            (entry.action, json.loads(entry.details)["month"])
            for entry in entries
            if entry.action.startswith("model_")
        ]


def test_each_change_is_reported_once(sessions: Sessions) -> None:
    add_audited(sessions, 60, "fake", "fake", at=JULY)
    add_audited(sessions, 5, "real", "fake", at=JULY)
    inside = alarm_on(sessions)
    assert inside.check() == 0
    assert [rate.is_outside for rate in inside.rates] == [False]
    add_audited(sessions, 30, "fake", "fake", at=AUGUST)
    add_audited(sessions, 30, "real", "fake", at=AUGUST)
    outside = alarm_on(sessions)
    assert [outside.check(), outside.check(), alarm_on(sessions).check()] == [1, 0, 0]
    assert [(rate.month, rate.share, rate.is_outside) for rate in outside.rates] == [("2026-08", 0.5, True)]
    # Another model has a state of its own, and a wider promise ends the alarm.
    other = alarm_on(sessions, model=ModelInfo("net", "fff", "e" * 64))
    assert (other.check(), other.rates) == (0, ())
    assert [alarm_on(sessions, 0.4).check(), alarm_on(sessions, 0.4).check()] == [1, 0]
    assert alarm_on(sessions).check() == 1
    assert events(sessions) == [
        ("model_left_band", "2026-08"),
        ("model_in_band", "2026-08"),
        ("model_left_band", "2026-08"),
    ]
    with sessions() as session:
        bodies = [json.loads(body) for body in session.scalars(select(OutboxMessage.body))]
    assert [body["event"] for body in bodies] == ["model_left_band", "model_in_band", "model_left_band"]
    expected = {"version": "fff", "rate": "recall", "sha256": "f" * 64, "month": "2026-08", "share": 0.5}
    assert expected.items() <= bodies[0].items()
    assert bodies[0]["band"] == [0.8, 1.0]
    assert set(bodies[0]) == {*expected, "id", "event", "created_at", "interval", "band"}


def test_too_few_faces_change_nothing(sessions: Sessions) -> None:
    add_audited(sessions, 60, "real", "fake", at=JULY)
    assert alarm_on(sessions).check() == 1
    with sessions.begin() as session:
        session.execute(delete(Case))
    add_audited(sessions, 29, "fake", "fake", at=JULY)
    few = alarm_on(sessions)
    assert (few.check(), few.rates) == (0, ())
    # Small months together are enough.
    add_audited(sessions, 29, "fake", "fake", at=AUGUST)
    enough = alarm_on(sessions)
    assert enough.check() == 1
    assert enough.rates[0].month == ""


@pytest.mark.parametrize(
    ("interval", "is_outside"),
    [
        ((0.5, 0.79), True),
        ((0.5, 0.8), False),
        ((0.85, 0.95), False),
        ((0.9, 1.0), False),
        ((0.91, 1.0), True),
    ],
)
def test_an_interval_that_touches_the_band_is_inside(interval: tuple[float, float], is_outside: bool) -> None:
    rate = RateInBand(ModelRate.RECALL, "", 0.7, interval, (0.8, 0.9))
    assert rate.is_outside == is_outside


def test_without_a_promise_nothing_is_read(sessions: Sessions) -> None:
    measures = ModelMeasureService(sessions, delay=timedelta(0))

    def no_model() -> ModelInfo:
        raise AssertionError("the model was asked for")

    alarm = DriftAlarm(AuditService(sessions, None), measures, no_model, bands={})
    assert (alarm.check(), alarm.rates) == (0, ())
