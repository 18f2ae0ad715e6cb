"""Tests of the search of cases by a file."""

from __future__ import annotations

import pytest

from tests.webapp.services.conftest import Kept
from webapp.db import case_search_queries as queries
from webapp.db.analysis_queries import analysis_by_receipt
from webapp.db.session import Sessions
from webapp.domain.enums import Reason
from webapp.security.tokens import receipt_hash, report_number
from webapp.services.moderation.ranking import TriageRules, open_case

pytestmark = pytest.mark.both_databases
BITS = 0x0F0F_3C3C_5A5A_9669


@pytest.fixture
def kept(sessions: Sessions) -> Kept:
    return Kept(sessions)


def open_on(sessions: Sessions, receipt: str, subject: int = 1) -> str:
    with sessions.begin() as session:
        analysis = analysis_by_receipt(session, receipt_hash(receipt))
        assert analysis is not None
        return open_case(session, analysis, subject, Reason.REPORT, TriageRules()).public_id


def test_cases_of_a_receipt_a_report_and_the_bytes(sessions: Sessions, kept: Kept) -> None:
    receipt = kept.add(file="b" * 64, media_sha256="a" * 64)
    other = kept.add(file="c" * 64, media_sha256="a" * 64)
    kept.add(file="d" * 64, media_sha256="e" * 64)
    face, whole, same_bytes = (
        open_on(sessions, receipt),
        open_on(sessions, receipt, 0),
        open_on(sessions, other),
    )
    with sessions() as session:
        of_receipt = queries.cases_of_receipt(session, receipt_hash(receipt))
        assert [case.public_id for case in of_receipt] == [face, whole]
        assert queries.cases_of_report(session, report_number(receipt)) == of_receipt
        assert queries.cases_of_receipt(session, "f" * 64) == []
        uploaded = queries.cases_of_bytes(session, "a" * 64, limit=9)
        assert [case.public_id for case in uploaded] == [face, whole, same_bytes]
        assert queries.cases_of_bytes(session, "a" * 64, limit=2) == uploaded[1:]
        stored = queries.cases_of_bytes(session, "c" * 64, limit=9)
        assert [case.public_id for case in stored] == [same_bytes]
        assert queries.cases_of_bytes(session, "e" * 64, limit=9) == []


def test_near_copies_come_nearest_first(sessions: Sessions, kept: Kept) -> None:
    far, near, exact = (open_on(sessions, kept.add(bits=bits)) for bits in (BITS ^ 0b111, BITS ^ 0b1, BITS))
    # A near copy without a case, and a file that looks different.
    kept.add(bits=BITS)
    open_on(sessions, kept.add(bits=BITS ^ 0xFFFF))
    with sessions() as session:
        found = queries.cases_like(session, [BITS], limit=9)
        assert [(one.case.public_id, one.distance) for one in found] == [(exact, 0), (near, 1), (far, 3)]
        assert queries.cases_like(session, [BITS], limit=2) == found[:2]
        # The nearest of several frames counts.
        several = queries.cases_like(session, [BITS ^ 0b11, BITS], limit=9)
        assert {one.case.public_id: one.distance for one in several} == {exact: 0, near: 1, far: 1}
        assert queries.cases_like(session, [], limit=9) == []
