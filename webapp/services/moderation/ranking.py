"""Opening a case or joining one, and which of the open ones comes first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp.db import case_queries as queries
from webapp.db.tables import Analysis, Case, CaseItem
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Reason, Vote
from webapp.domain.ids import new_id
from webapp.services.analysis_records.subjects import subject_of

MAX_COUNTED_ITEMS = 200  # items of a case whose votes are counted, the newest
MOST_DISPUTED = 10.0  # however many say so: whoever has many receipts gets no more


@dataclass(frozen=True)
class TriageRules:
    """`wanted` independent labels are asked for; `age` is how long a case waits to gain a factor e over others.

    `audit_share` of all kept faces is drawn at random; inconclusive faces whose probability is at most `uncertain` from 0.5 are opened.
    """

    wanted: int = 2
    age: timedelta = timedelta(days=3)
    audit_share: float = 0.02
    uncertain: float = 0.5


def uncertainty(fake_prob: float) -> float:
    """1 where the model cannot tell at all, 0 where it is sure: the entropy of its probability in bits."""
    if not 0 < fake_prob < 1:
        return 0.0
    return -fake_prob * math.log2(fake_prob) - (1 - fake_prob) * math.log2(1 - fake_prob)


def dispute(votes: Sequence[str], verdict: str | None) -> float:
    """From 1 (nobody objects) to MOST_DISPUTED: every visitor against the model adds 1, and visitors against each other as many as the
    fewer are.
    """
    against, for_it = votes.count(Vote.DISAGREE), votes.count(Vote.AGREE)
    return min(1.0 + (0.0 if verdict is None else against) + min(against, for_it), MOST_DISPUTED)


def rank(fake_prob: float, disputed: float, opened_at: datetime, age: timedelta) -> float:
    """uncertainty x dispute x e^(waiting / age), as its logarithm without the part that is the same for all at any moment."""
    return (
        math.log(max(uncertainty(fake_prob), 0.05) * disputed) - opened_at.timestamp() / age.total_seconds()
    )


def open_case(
    session: Session,
    analysis: Analysis,
    subject: int,
    reason: Reason,
    rules: TriageRules,
    alike: Sequence[int] = (),
) -> Case:
    """Open a case for `subject` of an analysis, or join the open one of the analyses that are `alike` (ids). Ranks it anew."""
    item = queries.item_of_subject(session, analysis.id, subject)
    if item is not None:
        return update_rank(session, item.case, rules)
    return add_item(
        session,
        queries.undecided_case_of(session, [*alike, analysis.id], subject),
        analysis,
        subject,
        reason,
        rules,
    )


def add_item(  # all of it is the item
    session: Session, case: Case | None, analysis: Analysis, subject: int, reason: Reason, rules: TriageRules
) -> Case:
    """To a case, or to a new one."""
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
    known = subject_of(analysis, subject)
    session.add(
        CaseItem(
            case_id=case.id,
            analysis_id=analysis.id,
            subject=subject,
            reason=reason,
            created_at=now(),
            fake_prob=None if known is None else known.fake_prob,
        )
    )
    case.audited = case.audited or reason == Reason.AUDIT
    session.flush()
    return update_rank(session, case, rules)


def update_rank(session: Session, case: Case, rules: TriageRules) -> Case:
    """With the rank that the votes give it by now. Those drawn at random come first: what is decided of them must not depend on anything
    that anybody said.
    """
    if case.audited:
        case.rank = rank(0.5, MOST_DISPUTED, case.opened_at, rules.age)
        return case
    first = queries.first_item(session, case.id)
    votes = queries.latest_votes(session, case.id, newest=MAX_COUNTED_ITEMS)
    prob = 0.5 if first.fake_prob is None else first.fake_prob
    case.rank = rank(prob, dispute(votes, first.analysis.verdict), case.opened_at, rules.age)
    return case
