"""Rule by which the labels of a case become its decision. Pure functions without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.domain.enums import CaseState, LabelValue, Stage

# Independent moderators asked before a case goes to an adjudicator.
MAX_MODERATORS = 3

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
    """State of a case, the labels that it asks for, and its outcome if moderators decided it."""

    state: CaseState
    wanted: int
    outcome: Outcome | None


def apply_rule(labels: Sequence[CountedLabel], *, wanted: int, is_gold: bool) -> CaseStatus:
    """Return the status of a case from its counted labels, oldest first.

    Blind labels never count. Each moderator has one vote: their last final label.

    - The last adjudication decides, whatever the votes are.
    - At least `wanted` votes that are all alike decide by agreement.
    - Otherwise one more vote is asked for, up to MAX_MODERATORS.
    - From MAX_MODERATORS votes on, more than half of them decide by majority.
    - Without a majority the case is disputed and waits for an adjudicator.

    A gold case has a known answer and never gets an outcome. To its moderator it looks like any other case:
    it is open until `wanted` votes were given, and again after every full round.
    """
    votes = list(_last_final_values(labels).values())
    if is_gold:
        complete = len(votes) % wanted == 0
        return CaseStatus(CaseState.DECIDED if complete else CaseState.OPEN, wanted, None)
    outcome = _adjudicated(labels) or _voted(votes, wanted)
    if outcome is not None:
        return CaseStatus(CaseState.DECIDED, wanted, outcome)
    if len(votes) >= MAX_MODERATORS:
        return CaseStatus(CaseState.DISPUTED, wanted, None)
    still_wanted = len(votes) + 1 if len(votes) >= wanted else wanted
    return CaseStatus(CaseState.OPEN, still_wanted, None)


def _last_final_values(labels: Sequence[CountedLabel]) -> dict[int, LabelValue]:
    return {label.account_id: label.value for label in labels if label.stage == Stage.FINAL}


def _adjudicated(labels: Sequence[CountedLabel]) -> Outcome | None:
    rulings = [label for label in labels if label.stage == Stage.ADJUDICATION]
    return Outcome(rulings[-1].value, ADJUDICATION) if rulings else None


def _voted(votes: Sequence[LabelValue], wanted: int) -> Outcome | None:
    if not votes or len(votes) < wanted:
        return None
    # Sorted first, so that equal counts give the same value in every process.
    leading = max(sorted(set(votes)), key=votes.count)
    support = votes.count(leading)
    if support == len(votes):
        return Outcome(leading, AGREEMENT)
    if len(votes) >= MAX_MODERATORS and support > len(votes) / 2:
        return Outcome(leading, MAJORITY)
    return None
