"""Rule by which the labels of a case become its decision. Pure functions without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from webapp.domain.enums import CaseState, LabelValue, Stage

# Independent moderators asked before a case goes to an adjudicator.
MAX_MODERATORS = 3
# Period in which a moderator may withdraw their last label, and with it a decision.
UNDO_PERIOD = timedelta(minutes=10)

AGREEMENT = "agreement"
MAJORITY = "majority"
ADJUDICATION = "adjudication"


@dataclass(frozen=True)
class CountedLabel:
    """Label that was not withdrawn: its author's account id, its stage and its value."""

    account_id: int
    stage: Stage
    value: LabelValue


@dataclass(frozen=True)
class Outcome:
    """Decided value and the way it was reached: AGREEMENT, MAJORITY or ADJUDICATION."""

    value: LabelValue
    how: str


@dataclass(frozen=True)
class CaseStatus:
    """State of a case, the number of votes that it needs, and its outcome if moderators decided it."""

    state: CaseState
    required_votes: int
    outcome: Outcome | None


def apply_rule(labels: Sequence[CountedLabel], *, required_votes: int, is_gold: bool) -> CaseStatus:
    """Return the status of a case from its counted labels, oldest first.

    Blind labels never count. Each moderator has one vote: their last final label.

    - The last adjudication decides, whatever the votes are.
    - At least `required_votes` votes that are all alike decide by agreement.
    - Otherwise the case needs one more vote, up to MAX_MODERATORS.
    - From MAX_MODERATORS votes on, more than half of them decide by majority.
    - Without a majority the case is disputed and waits for an adjudicator.

    A gold case has a known answer and never gets an outcome. To its moderator it looks like any other case:
    it counts as decided after every `required_votes` votes, and as open in between.
    """
    votes = list(_votes_by_moderator(labels).values())
    if is_gold:
        is_round_complete = len(votes) % required_votes == 0
        state = CaseState.DECIDED if is_round_complete else CaseState.OPEN
        return CaseStatus(state, required_votes, outcome=None)
    outcome = _adjudication_outcome(labels) or _vote_outcome(votes, required_votes)
    if outcome is not None:
        return CaseStatus(CaseState.DECIDED, required_votes, outcome)
    if len(votes) >= MAX_MODERATORS:
        return CaseStatus(CaseState.DISPUTED, required_votes, outcome=None)
    # If enough moderators have voted and disagree, one more must vote.
    return CaseStatus(CaseState.OPEN, max(required_votes, len(votes) + 1), outcome=None)


def _votes_by_moderator(labels: Sequence[CountedLabel]) -> dict[int, LabelValue]:
    """Return the last final value of each moderator, by account id."""
    return {label.account_id: label.value for label in labels if label.stage == Stage.FINAL}


def _adjudication_outcome(labels: Sequence[CountedLabel]) -> Outcome | None:
    rulings = [label for label in labels if label.stage == Stage.ADJUDICATION]
    return Outcome(rulings[-1].value, ADJUDICATION) if rulings else None


def _vote_outcome(votes: Sequence[LabelValue], required_votes: int) -> Outcome | None:
    """Return the outcome of the votes, None if they are too few or disagree."""
    if not votes or len(votes) < required_votes:
        return None
    # Sorted first, so that equal counts give the same value in every process.
    leading_value = max(sorted(set(votes)), key=votes.count)
    support = votes.count(leading_value)
    if support == len(votes):
        return Outcome(leading_value, AGREEMENT)
    has_majority = support > len(votes) / 2
    if has_majority and len(votes) >= MAX_MODERATORS:
        return Outcome(leading_value, MAJORITY)
    return None
