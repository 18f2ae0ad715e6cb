"""Ranks of cases, and results that join one case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.webapp.services.conftest import Opens, picture
from webapp.db.session import Sessions
from webapp.db.tables import Case, CaseItem
from webapp.domain.enums import Reason, Vote
from webapp.services.moderation.ranking import (
    MAX_DISPUTE,
    TriageRules,
    case_rank,
    dispute_factor,
    open_case,
    uncertainty,
)

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
AGE = timedelta(days=3)


@pytest.mark.parametrize(("fake_prob", "bits"), [(0.0, 0.0), (0.5, 1.0), (1.0, 0.0), (0.25, 0.8113)])
def test_uncertainty_is_the_entropy_in_bits(fake_prob: float, bits: float) -> None:
    assert uncertainty(fake_prob) == pytest.approx(bits, abs=1e-4)


@pytest.mark.parametrize(
    ("votes", "verdict", "factor"),
    [
        ([], "real", 1.0),
        ([Vote.AGREE], "real", 1.0),
        ([Vote.AGREE, Vote.DISAGREE], "real", 3.0),
        ([Vote.AGREE, Vote.DISAGREE], None, 2.0),
        ([Vote.DISAGREE] * 50, "real", MAX_DISPUTE),
    ],
)
def test_the_dispute_factor_counts_objections(votes: list[Vote], verdict: str | None, factor: float) -> None:
    assert dispute_factor(votes, verdict) == factor


def test_a_long_wait_outranks_dispute_and_uncertainty() -> None:
    waiting = case_rank(0.99, 1.0, MOMENT - timedelta(days=30), AGE)
    assert waiting > case_rank(0.5, 4.0, MOMENT, AGE)
    assert case_rank(0.5, 4.0, MOMENT, AGE) > case_rank(0.5, 1.0, MOMENT, AGE)


def test_duplicates_join_the_open_case(sessions: Sessions, opens: Opens) -> None:
    first = opens(0.5)
    with sessions.begin() as session:
        again = picture(0.5)
        session.add(again)
        session.flush()
        known = session.scalars(select(CaseItem)).one().analysis
        rules = TriageRules()
        assert open_case(session, known, 1, Reason.REPORT, rules).public_id == first
        assert open_case(session, again, 1, Reason.AUDIT, rules, duplicates=[known.id]).public_id == first
    with sessions() as session:
        case = session.scalars(select(Case)).one()
        assert [item.reason for item in case.items] == ["uncertainty", "audit"]
        assert case.audited
