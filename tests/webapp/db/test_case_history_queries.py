"""Tests of the history of a case, on a database with a decided case."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.db import case_history_queries as queries
from webapp.db.tables import Account, Case
from webapp.domain.clock import now


def test_withdrawn_labels_and_undone_decisions_are_part_of_the_history(session: Session) -> None:
    case = session.scalars(select(Case)).one()
    ada, bela = session.scalars(select(Account).order_by(Account.name))
    labels, decisions = queries.all_labels(session, case.id), queries.all_decisions(session, case.id)
    labels[-1].withdrawn_at = decisions[-1].undone_at = now()
    session.flush()
    assert list(queries.all_labels(session, case.id)) == sorted(labels, key=lambda label: label.id)
    by_account = [queries.all_labels(session, case.id, account_id=account.id) for account in (ada, bela)]
    assert sum(map(len, by_account)) == len(labels)
    assert {label.account_id for label in by_account[0]} == {ada.id}
    assert queries.all_decisions(session, case.id) == decisions
    items = queries.first_items(session, case.id, limit=1)
    assert [item.case_id for item in items] == [case.id]
    assert queries.count_items(session, case.id) >= 1
