"""Tests of the rule on what a person may know: conditions of queries agree with it for a loaded case."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from webapp.db.case_visibility import Viewer
from webapp.db.session import Sessions
from webapp.db.tables import Account, Case, Label
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Role
from webapp.domain.ids import new_id

pytestmark = pytest.mark.both_databases


def case_row(state: CaseState, decided_at: datetime | None) -> Case:
    return Case(public_id=new_id(), opened_at=now(), state=state, wanted=2, rank=0.0, decided_at=decided_at)


def test_conditions_agree_with_the_rule_for_a_loaded_case(sessions: Sessions) -> None:
    moment = now()
    with sessions.begin() as session:
        account = Account(name="mia", role=Role.MODERATOR, created_at=moment)
        session.add(account)
        for decided_at in (None, moment - timedelta(hours=1), moment):
            for state in CaseState:
                session.add_all([case_row(state, decided_at) for _ in range(3)])
        session.flush()
        for number, case in enumerate(session.scalars(select(Case).order_by(Case.id)).all()):
            if number % 3:
                label = Label(case_id=case.id, account_id=account.id, stage="blind", value="real", note="")
                label.confidence, label.created_at, label.seconds = 1, moment, 1.0
                label.withdrawn_at = moment if number % 3 == 2 else None
                session.add(label)
        session.flush()
        labelled = set(session.scalars(select(Label.case_id).where(Label.withdrawn_at.is_(None))))
        for is_admin in (True, False):
            viewer = Viewer(account.id, is_admin, moment - timedelta(minutes=10))
            cases = list(session.scalars(select(Case)))
            known = set(session.scalars(select(Case.id).where(viewer.answer_known())))
            settled = set(session.scalars(select(Case.id).where(viewer.settled())))
            for case in cases:
                assert (case.id in known) == viewer.knows_answer(case, has_label=case.id in labelled)
                assert (case.id in settled) == viewer.is_settled(case)
            for state in CaseState:
                shown = set(session.scalars(select(Case.id).where(viewer.shows_state(state))))
                assert shown == {case.id for case in cases if viewer.shown_state(case) == state}


def test_moderators_see_two_states_and_admins_three(sessions: Sessions) -> None:
    moment = now()
    moderator, admin = (Viewer(1, is_admin, moment) for is_admin in (False, True))
    disputed, gold = case_row(CaseState.DISPUTED, None), case_row(CaseState.DECIDED, None)
    undoable = case_row(CaseState.DECIDED, moment + timedelta(seconds=1))
    settled = case_row(CaseState.DECIDED, moment)
    shown = [moderator.shown_state(case) for case in (disputed, gold, undoable, settled)]
    assert shown == ["open", "open", "open", "decided"]
    shown = [admin.shown_state(case) for case in (disputed, gold, undoable, settled)]
    assert shown == ["disputed", "open", "decided", "decided"]
