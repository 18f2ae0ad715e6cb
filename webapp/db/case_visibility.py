"""Rule on what a person may learn about a case, as conditions of a query and for a loaded case.

A moderator must not learn what others, or the model, think of a case that they may still label. So the
model's answer is known to a person who labelled the case, to an admin who decides a dispute, and to everybody
once the case is settled: decided, and too late to undo. Labels of others and the decision are known once it
is settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, not_, or_, select

from webapp.db.tables import Case, Label
from webapp.domain.enums import CaseState


@dataclass(frozen=True)
class Viewer:
    """Signed-in person. Decisions made at or before `settled_before` cannot be undone."""

    account_id: int
    is_admin: bool
    settled_before: datetime

    def settled(self) -> ColumnElement[bool]:
        """Return the condition that a case is settled."""
        return and_(_has_state(CaseState.DECIDED), Case.decided_at <= self.settled_before)

    def is_settled(self, case: Case) -> bool:
        """Return whether a case is settled."""
        if case.state != CaseState.DECIDED or case.decided_at is None:
            return False
        return case.decided_at <= self.settled_before

    def answer_known(self) -> ColumnElement[bool]:
        """Return the condition that the person may see the model's answer."""
        own = select(Label.case_id).where(Label.account_id == self.account_id, Label.withdrawn_at.is_(None))
        decides = _has_state(CaseState.DISPUTED) if self.is_admin else false()
        return or_(self.settled(), decides, Case.id.in_(own))

    def knows_answer(self, case: Case, *, has_label: bool) -> bool:
        """Return whether the person may see the model's answer. `has_label`: they labelled the case."""
        decides = self.is_admin and case.state == CaseState.DISPUTED
        return self.is_settled(case) or decides or has_label

    def shows_state(self, state: str) -> ColumnElement[bool]:
        """Return the condition that a case has this state as the person sees it; see `shown_state`."""
        if not self.is_admin:
            if state == CaseState.DISPUTED:
                return false()
            is_unsettled = or_(not_(self.settled()), Case.decided_at.is_(None))
            return self.settled() if state == CaseState.DECIDED else is_unsettled
        has_decision = and_(_has_state(CaseState.DECIDED), Case.decided_at.is_not(None))
        if state == CaseState.DECIDED:
            return has_decision
        is_disputed = _has_state(CaseState.DISPUTED)
        return is_disputed if state == CaseState.DISPUTED else not_(or_(is_disputed, has_decision))

    def shown_state(self, case: Case) -> CaseState:
        """Return the state of a case as the person sees it.

        To moderators a case is open until it is settled: any other state would tell whether labels agree. A
        gold case looks open, because it has no decision.
        """
        if self.is_settled(case):
            return CaseState.DECIDED
        if not self.is_admin:
            return CaseState.OPEN
        if case.state == CaseState.DISPUTED:
            return CaseState.DISPUTED
        has_decision = case.state == CaseState.DECIDED and case.decided_at is not None
        return CaseState.DECIDED if has_decision else CaseState.OPEN


def _has_state(state: CaseState) -> ColumnElement[bool]:
    """Return the condition that a case has a state.

    For an equality SQLite would read the index of states and sort all cases of the state, although the index
    of the list has them in order.
    """
    return Case.state.not_in([other for other in CaseState if other != state])
