"""Gold cases: cases with a known answer, against which the labels of moderators are measured."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp.db import case_queries, triage_queries
from webapp.db.audit_chain import Event
from webapp.db.tables import Analysis, Case, Gold
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, CaseState, LabelValue, Reason
from webapp.domain.errors import Unable
from webapp.security.tokens import receipt_hash
from webapp.services.analysis_records.subjects import subject_of
from webapp.services.moderation.case_events import CaseEvents, case_subject
from webapp.services.moderation.ranking import TriageRules, add_item


class GoldService:
    """Makes gold cases.

    The host analyses files for which the answer is known, consents to their storage, and marks faces of the
    results.
    """

    def __init__(self, log: CaseEvents, rules: TriageRules) -> None:
        self._log = log
        self._rules = rules

    def mark(self, receipt: str, subject: int, value: str) -> str:
        """Make a face of a result a gold case with the answer real or fake, and return its public id.

        Raises Unable with invalid_answer, no_kept_file, unknown_face or labelled_already, and
        SQLAlchemyError.
        """
        if value not in (LabelValue.REAL, LabelValue.FAKE):
            raise Unable("invalid_answer", "the answer must be real or fake")
        with self._log.transaction() as (session, record):
            triage_queries.lock_case_creation(session)
            analysis = triage_queries.lock_analysis_with_media(session, receipt_hash(receipt))
            if analysis is None:
                raise Unable(
                    "no_kept_file", "there is no result with a verdict and a kept file under this receipt"
                )
            if subject_of(analysis, subject) is None:
                raise Unable("unknown_face", f"there is no judged face {subject} in this result")
            case = self._unlabelled_case(session, analysis, subject)
            case.state = CaseState.DECIDED
            case.gold = Gold(value=value, created_at=now())
            record(Event(Actor.SYSTEM, Action.CASE_GOLD, case_subject(case.public_id), {"value": str(value)}))
            return case.public_id

    def _unlabelled_case(self, session: Session, analysis: Analysis, subject: int) -> Case:
        """Return the subject's unlabelled case, or a new one. Raises Unable with labelled_already."""
        item = case_queries.item_of_subject(session, analysis.id, subject)
        if item is None:
            return add_item(session, None, analysis, subject, reason=Reason.REPORT, rules=self._rules)
        is_gold = item.case.gold is not None
        if is_gold or case_queries.labels_of(session, item.case_id):
            raise Unable(
                "labelled_already",
                "this face already has a case that moderators have labelled or whose answer is known",
            )
        return item.case
