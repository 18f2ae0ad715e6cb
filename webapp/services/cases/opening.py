"""Which results become cases, and which of them comes first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp.db import case_queries as queries
from webapp.db.tables import Analysis, Case, CaseItem
from webapp.domain import CaseState, Reason, Vote, new_id, now


@dataclass(frozen=True)
class Rules:
    """`wanted` independent labels are asked for; `age` is how long a case waits to gain a factor e over others."""

    wanted: int = 2
    age: timedelta = timedelta(days=3)


def uncertainty(fake_prob: float) -> float:
    """1 where the model cannot tell at all, 0 where it is sure: the entropy of its probability in bits."""
    if not 0 < fake_prob < 1:
        return 0.0
    return -fake_prob * math.log2(fake_prob) - (1 - fake_prob) * math.log2(1 - fake_prob)


def dispute(votes: Sequence[str], verdict: str | None) -> float:
    """From 1 (nobody objects) up: every visitor against the model adds 1, and visitors against each other as many as the fewer are."""
    against, for_it = votes.count(Vote.DISAGREE), votes.count(Vote.AGREE)
    return 1.0 + (0.0 if verdict is None else against) + min(against, for_it)


def rank(fake_prob: float, disputed: float, opened_at: datetime, age: timedelta) -> float:
    """uncertainty x dispute x e^(waiting / age), as its logarithm without the part that is the same for all at any moment."""
    return math.log(max(uncertainty(fake_prob), 0.05) * disputed) - opened_at.timestamp() / age.total_seconds()


def open_case(session: Session, analysis: Analysis, subject: int, reason: Reason, rules: Rules, alike: Sequence[int] = ()) -> Case:
    """Open a case for `subject` of an analysis, or join the open one of the analyses that are `alike` (ids). Ranks it anew."""
    item = queries.item_of(session, analysis.id, subject)
    case = item.case if item is not None else queries.open_case_of(session, [*alike, analysis.id], subject)
    if case is None:
        case = Case(public_id=new_id(), opened_at=now(), state=CaseState.OPEN, wanted=rules.wanted, rank=0.0, audited=False)
        session.add(case)
    if item is None:
        case.items.append(CaseItem(analysis=analysis, subject=subject, reason=reason, created_at=now()))
    case.audited = case.audited or reason == Reason.AUDIT
    session.flush()
    case.rank = _rank_of(case, rules)
    return case


def _rank_of(case: Case, rules: Rules) -> float:
    first = case.items[0]
    votes = [vote.vote for item in case.items for vote in item.analysis.feedback if vote.subject in (item.subject, 0)]
    probability = subject_prob(first.analysis, first.subject)
    return rank(0.5 if probability is None else probability, dispute(votes, first.analysis.verdict), case.opened_at, rules.age)


def subject_prob(analysis: Analysis, subject: int) -> float | None:
    """The fake probability of a subject: the file's for 0, a picture's face's; of a clip's person the file's."""
    if subject and analysis.kind == "image":
        return next((face.fake_prob for face in analysis.faces if face.number == subject), None)
    return analysis.fake_prob
