"""Opening of cases, and their rank in the queue of the moderators."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp.db import case_queries as queries
from webapp.db import case_summaries
from webapp.db.tables import Analysis, Case, CaseItem
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Reason, Vote
from webapp.domain.ids import new_id
from webapp.services.analysis_records.subjects import subject_of

# Newest items of a case whose votes are counted.
MAX_COUNTED_ITEMS = 200
# Upper bound of the dispute factor: many receipts of one visitor gain no more.
MAX_DISPUTE = 10.0
# Lower bound of the uncertainty factor, so that its logarithm is finite.
_MIN_UNCERTAINTY = 0.05
# Added to the rank of a case whose file contradicts itself or the model: more than years of waiting.
_CONFLICT_RANK = 1000.0
# Fake probability of the greatest uncertainty.
MOST_UNCERTAIN_PROB = 0.5


@dataclass(frozen=True)
class TriageRules:
    """Rules that open and rank cases.

    `wanted`: independent moderators that a new case needs. `age`: waiting time that multiplies
    a case's weight by e. `audit_share`: share in [0, 1] of all kept faces that is drawn at random.
    `uncertain`: a case is opened for an inconclusive face if its fake probability is at most this
    far from 0.5.
    """

    wanted: int = 2
    age: timedelta = timedelta(days=3)
    audit_share: float = 0.02
    uncertain: float = 0.5


def uncertainty(fake_prob: float) -> float:
    """Return the entropy of the fake probability in bits: 1 at 0.5, 0 at 0 and 1."""
    if not 0 < fake_prob < 1:
        return 0.0
    real_prob = 1 - fake_prob
    return -fake_prob * math.log2(fake_prob) - real_prob * math.log2(real_prob)


def dispute_factor(votes: Sequence[str], verdict: str | None) -> float:
    """Return the disagreement of visitors, from 1 (no objection) to MAX_DISPUTE.

    Every vote against a verdict adds 1. Visitors who disagree with each other add the number of votes on the
    smaller side. `verdict` is None if the model gave none.
    """
    votes_against = votes.count(Vote.DISAGREE)
    votes_in_favour = votes.count(Vote.AGREE)
    objections = 0 if verdict is None else votes_against
    return min(1.0 + objections + min(votes_against, votes_in_favour), MAX_DISPUTE)


def case_rank(fake_prob: float, dispute: float, opened_at: datetime, aging_time: timedelta) -> float:
    """Return the logarithm of uncertainty x dispute x e^(waiting time / `aging_time`).

    The waiting time is now - `opened_at`. The term of now is left out: it is the same for all cases, and
    without it stored ranks stay comparable.
    """
    weight = max(uncertainty(fake_prob), _MIN_UNCERTAINTY) * dispute
    return math.log(weight) - opened_at.timestamp() / aging_time.total_seconds()


def open_case(
    session: Session,
    analysis: Analysis,
    subject: int,
    reason: Reason,
    rules: TriageRules,
    duplicates: Sequence[int] = (),
) -> Case:
    """Return the case of a subject of an analysis.

    It is the case that has the subject already, else the undecided case of a duplicate, else a new one.
    `duplicates` are the analysis ids of near-duplicates.
    """
    item = queries.item_of_subject(session, analysis.id, subject)
    if item is not None:
        return update_rank(session, item.case, rules)
    case = queries.undecided_case_of(session, [*duplicates, analysis.id], subject)
    return add_item(session, case, analysis, subject, reason=reason, rules=rules)


def add_item(
    session: Session,
    case: Case | None,
    analysis: Analysis,
    subject: int,
    *,
    reason: Reason,
    rules: TriageRules,
) -> Case:
    """Add a subject of an analysis to a case, or to a new one if `case` is None, and rank the case."""
    if case is None:
        case = Case(
            public_id=new_id(),
            opened_at=now(),
            state=CaseState.OPEN,
            wanted=rules.wanted,
            rank=0.0,
            audited=False,
        )
        session.add(case)
        session.flush()
    judged = subject_of(analysis, subject)
    item = CaseItem(
        case_id=case.id,
        analysis_id=analysis.id,
        subject=subject,
        reason=reason,
        created_at=now(),
        fake_prob=None if judged is None else judged.fake_prob,
    )
    session.add(item)
    case.audited = case.audited or reason == Reason.AUDIT
    case_summaries.refresh(session, [case.id])
    return update_rank(session, case, rules)


def update_rank(session: Session, case: Case, rules: TriageRules) -> Case:
    """Set the case's rank from its present votes, and return the case.

    Cases drawn at random get the highest rank possible for their opening time, because neither votes nor
    scores may influence which of them are labelled first. Other cases with a conflict come before them: a
    conflict depends on the score.
    """
    if case.audited:
        case.rank = case_rank(MOST_UNCERTAIN_PROB, MAX_DISPUTE, case.opened_at, rules.age)
        return case
    first_rank = _CONFLICT_RANK if queries.has_conflict(session, case.id) else 0.0
    first = queries.first_item(session, case.id)
    votes = queries.latest_votes(session, case.id, newest=MAX_COUNTED_ITEMS)
    fake_prob = MOST_UNCERTAIN_PROB if first.fake_prob is None else first.fake_prob
    dispute = dispute_factor(votes, first.analysis.verdict)
    case.rank = first_rank + case_rank(fake_prob, dispute, case.opened_at, rules.age)
    return case
