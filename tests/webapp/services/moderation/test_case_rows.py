"""Tests of the rows of lists: their order, own labels and whether a case can be taken."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from tests.webapp.services.conftest import Opens
from webapp.db.session import Sessions
from webapp.db.tables import Case
from webapp.services.accounts import Person
from webapp.services.moderation.case_rows import rows_of, viewer_of
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService

UNDO = timedelta(minutes=10)


def test_rows_keep_the_order_and_show_the_last_own_label(
    sessions: Sessions, opens: Opens, claims: ClaimService, labelling: LabellingService, people: list[Person]
) -> None:
    mia = people[1]
    blind, final, untouched = (opens(0.5) for _ in range(3))
    for case in (blind, final):
        claims.take_case(mia, case)
        labelling.submit_blind(mia, case, LabelInput("real", 2))
    labelling.submit_final(mia, final, LabelInput("fake", 2))
    with sessions() as session:
        cases = {case.public_id: case for case in session.scalars(select(Case))}
        order = [cases[final], cases[untouched], cases[blind]]
        rows = rows_of(session, viewer_of(mia, UNDO), order)
        assert [row.id for row in rows] == [final, untouched, blind]
        assert [row.own for row in rows] == ["fake", None, "real"]
        assert [row.can_label for row in rows] == [False, True, True]
        assert [row.verdict for row in rows] == ["inconclusive", None, "inconclusive"]
        labelled_at = [row.labelled_at for row in rows]
        assert labelled_at[1] is None
        assert labelled_at[0] > labelled_at[2]  # type: ignore[operator]
        assert rows_of(session, viewer_of(mia, UNDO), []) == []
