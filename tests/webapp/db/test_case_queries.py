"""Queries of cases, claims and labels, on a database with a decided case."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.db import case_queries as queries
from webapp.db.tables import Account, Analysis, Case, Claim, Decision, Label
from webapp.domain.clock import now
from webapp.domain.enums import CaseState


def only_case(session: Session) -> Case:
    return session.scalars(select(Case)).one()


def test_decided_case_with_items_and_labels(session: Session) -> None:
    case = only_case(session)
    assert queries.case_by_public_id(session, case.public_id) is case
    item = queries.first_item(session, case.id)
    assert queries.displayed_item(session, case.id) is item
    assert queries.item_of_subject(session, item.analysis_id, 1) is item
    assert queries.has_items(session, item.analysis_id)
    assert queries.stored_media_sha256(session, item) is not None
    assert queries.latest_votes(session, case.id, newest=10) == ["disagree"]
    decision = queries.current_decision(session, case.id)
    assert decision is not None
    assert decision.value == "real"
    assert queries.undecided_case_of(session, [item.analysis_id], 1) is None


def test_open_case_goes_to_an_account_without_a_label(session: Session) -> None:
    case = only_case(session)
    ada, bela = session.scalars(select(Account).order_by(Account.name))
    assert queries.next_case(session, ada.id) is None
    case.state = CaseState.OPEN
    session.flush()
    assert queries.next_case(session, ada.id) is None
    for label in queries.labels_of(session, case.id, account_id=ada.id):
        label.withdrawn_at = now()
    session.flush()
    assert queries.next_case(session, ada.id) is case
    assert queries.upcoming_case(session, ada.id, []) is case
    assert queries.upcoming_case(session, ada.id, [case.public_id]) is None
    assert queries.next_case(session, bela.id) is None
    moment = now()
    assert queries.count_takeable_cases(session, ada.id, moment) == 1
    assert queries.count_takeable_cases(session, bela.id, moment) == 0
    assert queries.count_labelled(session, bela.id, now() - timedelta(days=3650)) == 1


def test_a_case_with_all_slots_taken_does_not_wait(session: Session) -> None:
    case, moment = only_case(session), now()
    ada, bela = session.scalars(select(Account).order_by(Account.name))
    case.state, case.wanted = CaseState.OPEN, 1
    for label in case.labels:
        label.withdrawn_at = moment
    minute = timedelta(minutes=1)
    session.add(Claim(case_id=case.id, account_id=bela.id, slot=1, taken_at=moment, until=moment + minute))
    session.flush()
    assert queries.count_takeable_cases(session, ada.id, moment) == 0
    assert queries.count_takeable_cases(session, bela.id, moment) == 1
    # The claim has expired.
    assert queries.count_takeable_cases(session, ada.id, moment + 2 * minute) == 1
    case.wanted = 2
    session.flush()
    assert queries.count_takeable_cases(session, ada.id, moment) == 1


def test_claims_expire(session: Session) -> None:
    case, moment = only_case(session), now()
    ada = session.scalars(select(Account)).first()
    assert ada is not None
    session.add(Claim(case_id=case.id, account_id=ada.id, slot=1, taken_at=moment, until=moment))
    session.flush()
    assert queries.used_slots(session, case.id) == {1}
    assert queries.claim_of_account(session, ada.id) is not None
    queries.delete_expired_claims(session, moment)
    assert queries.used_slots(session, case.id) == set()


def test_case_without_analysis_is_deleted_with_its_labels(session: Session) -> None:
    queries.delete_cases_without_items(session)
    item = queries.first_item(session, only_case(session).id)
    session.delete(session.get_one(Analysis, item.analysis_id))
    session.flush()
    session.expire_all()
    queries.delete_cases_without_items(session)
    assert session.scalars(select(Label)).all() == session.scalars(select(Decision)).all() == []
