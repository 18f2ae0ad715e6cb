"""Measures of models: who may read them, and when they change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tests.audited_faces import add_audited, add_two_models
from tests.webapp.services.conftest import refusal_code
from webapp.db.session import Sessions
from webapp.services.accounts import HOST, Person
from webapp.services.label_quality.model_measures import ModelMeasureService

pytestmark = pytest.mark.both_databases
DELAY = timedelta(minutes=10)


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.time = datetime(2026, 7, 20, 13, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


def test_public_figures_change_once_a_day_and_present_ones_at_once(sessions: Sessions) -> None:
    clock = Clock()
    service = ModelMeasureService(sessions, delay=DELAY, is_public=True, clock=clock)
    add_audited(sessions, 40, "fake", "fake")
    add_audited(sessions, 40, "real", "real", at=clock.time - timedelta(hours=1, minutes=5))
    before = service.published()
    assert before.as_of == datetime(2026, 7, 20, tzinfo=UTC)
    assert (before.models[0].total.drawn, before.models[0].total.rates.recall.share) == (40, 1.0)
    # Decided five minutes ago: the decision may still be undone.
    assert (service.present(HOST).models[0].total.drawn, service.present(HOST).models[0].total.open) == (
        80,
        40,
    )
    add_audited(sessions, 40, "real", "fake")
    assert service.published() == before
    clock.time += timedelta(days=1)
    after = service.published().models[0].total
    assert (after.drawn, after.open, after.rates.recall.share) == (120, 0, 0.5)


def test_nobody_reads_what_the_host_does_not_publish(sessions: Sessions, people: list[Person]) -> None:
    service = ModelMeasureService(sessions, delay=DELAY)
    assert refusal_code(service.published) == "not_public"
    assert refusal_code(service.present, None) == "not_signed_in"
    assert refusal_code(service.present, people[1]) == "not_allowed"
    assert service.present(people[0]).models == []


def test_no_case_and_no_moderator_is_named(sessions: Sessions) -> None:
    add_two_models(sessions)
    service = ModelMeasureService(sessions, delay=DELAY, is_public=True)
    published = service.published().model_dump_json()
    with sessions() as session:
        hidden = [
            *session.scalars(text("SELECT public_id FROM cases")),
            *session.scalars(text("SELECT receipt_hash FROM analysis")),
            *session.scalars(text("SELECT name FROM account")),
        ]
    assert len(hidden) > 500
    assert [word for word in hidden if word in published] == []


def test_a_database_error_is_told(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(text("ALTER TABLE decision RENAME TO elsewhere"))
    service = ModelMeasureService(sessions, delay=DELAY, is_public=True)
    assert refusal_code(service.published) == "unavailable"
