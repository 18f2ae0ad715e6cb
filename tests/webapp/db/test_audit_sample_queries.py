"""Queries of the random audit sample."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.audited_faces import add_audited
from webapp.db import audit_sample_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Case, CaseItem, Decision, Gold
from webapp.domain.clock import now
from webapp.domain.enums import Actor, Reason
from webapp.services.audit.log import AuditService

pytestmark = pytest.mark.both_databases
AT = datetime(2026, 7, 15, tzinfo=UTC)
LATER = AT + timedelta(days=1)


def decisions(
    sessions: Sessions, drawn_before: datetime = LATER, decided_before: datetime = LATER
) -> list[str]:
    with sessions() as session:
        faces = queries.audited_faces(session, drawn_before=drawn_before, decided_before=decided_before)
    return [str(face.decision) for face in faces]


def test_only_drawn_faces_count_each_once_for_a_model(sessions: Sessions) -> None:
    for number, decision in enumerate(("fake", "real", None)):
        add_audited(sessions, 1, "fake", decision, model=str(number) * 64)
    add_audited(sessions, 2, "fake", "fake", reason=Reason.DISAGREEMENT)
    assert decisions(sessions) == ["fake", "real", "None"]
    # Neither faces nor decisions after the time.
    assert decisions(sessions, drawn_before=AT) == []
    assert decisions(sessions, decided_before=AT) == ["None"] * 3
    with sessions.begin() as session:
        first, second, third = session.scalars(select(CaseItem).order_by(CaseItem.id).limit(3))
        # The same model again in one case, and two models in one case.
        third.analysis.model_sha256 = first.analysis.model_sha256
        third.case_id = first.case_id
        second.case_id = first.case_id
    assert decisions(sessions) == ["fake", "fake"]
    with sessions.begin() as session:
        session.execute(update(Decision).values(undone_at=now()))
    assert decisions(sessions) == ["None", "None"]
    with sessions.begin() as session:
        case = session.scalars(select(Case).order_by(Case.id)).first()
        assert case is not None
        session.add(Gold(case_id=case.id, value="fake", created_at=now()))
    assert decisions(sessions) == []


def test_the_verdict_is_that_of_the_drawn_subject(sessions: Sessions) -> None:
    add_audited(sessions, 1, "fake", "fake")
    add_audited(sessions, 1, "inconclusive", "fake", kind="video")
    with sessions() as session:
        photo, clip = queries.audited_faces(session, drawn_before=LATER, decided_before=LATER)
    assert (photo.stored_verdict, photo.real_below) == ("fake", None)
    assert (clip.stored_verdict, clip.fake_prob, clip.real_below, clip.fake_above) == (None, 0.5, 0.3, 0.7)


def test_tags_and_labels_of_the_sample(sessions: Sessions) -> None:
    add_audited(sessions, 1, "fake", "fake", tags=("teeth", "eyes"))
    add_audited(sessions, 1, "fake", "fake", tags=("teeth",), blind="real")
    add_audited(sessions, 1, "fake", "fake", tags=("teeth",), reason=Reason.DISAGREEMENT)
    with sessions() as session:
        cases = list(session.scalars(select(Case.id).order_by(Case.id)))
        # A label that calls the face real names no reason of a fake.
        assert queries.named_tags(session, cases) == {cases[0]: {"teeth", "eyes"}}
        assert queries.named_tags(session, cases[1:]) == {}
        pairs = queries.label_pairs(session, LATER)
        assert [(pair.case_id, pair.blind, pair.final) for pair in pairs] == [
            (cases[0], "fake", "fake"),
            (cases[1], "real", "fake"),
        ]
        assert queries.label_pairs(session, AT) == []


def test_the_newest_event_with_the_same_details_is_found(sessions: Sessions) -> None:
    audit = AuditService(sessions, None)
    for action, rate in (("left", "recall"), ("in", "recall"), ("left", "precision")):
        audit.record(Event(Actor.SYSTEM, action, "model:1", {"rate": rate, "share": 0.5}))
    with sessions.begin() as session:
        queries.lock_model_events(session)
        newest = [
            queries.last_model_event(session, ("left", "in"), subject, {"rate": rate})
            for subject, rate in (("model:1", "recall"), ("model:1", "precision"), ("model:2", "recall"))
        ]
    assert newest == ["in", "left", None]
