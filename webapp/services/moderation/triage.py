"""Triage: results become cases if they are disputed, uncertain, contradicted, drawn or imported."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.db import case_queries, triage_queries
from webapp.db.audit_chain import Event
from webapp.db.tables import Analysis, Case
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, ImportRule, Reason, Vote
from webapp.security.tokens import random_fraction
from webapp.services.analysis_records.subjects import (
    WHOLE_FILE,
    Subject,
    are_alike,
    subject_of,
    subjects_of,
    whole_file,
)
from webapp.services.audit.log import RecordEvent
from webapp.services.moderation.case_events import CaseEvents, case_subject
from webapp.services.moderation.import_rule import selected_numbers
from webapp.services.moderation.ranking import MOST_UNCERTAIN_PROB, TriageRules, add_item, update_rank

logger = logging.getLogger(__name__)
# At most this many uncertain faces of one file become cases.
MAX_UNCERTAIN_FACES = 5
# At most this many cases of near duplicates are compared face by face.
_MAX_NEARBY_CASES = 20
# At most this many near duplicates of a drawn face are compared with it.
_MAX_NEAR_DUPLICATES = 50
# Results or cases in one batch.
_BATCH = 200
# Attempts to process a result. One fails if a visitor deletes the case that it joins.
_ATTEMPTS = 3

# A subject and the reason to open a case for it. If the reason is None, no case is opened: the subject only
# joins a case that exists.
Candidate = tuple[Subject, Reason | None]


class Triage:
    """Opens cases for results whose files are kept: moderators cannot settle a case without its picture.

    `draw` returns random floats in [0, 1) for the audit sample, independent of scores.
    """

    def __init__(
        self, log: CaseEvents, rules: TriageRules, *, draw: Callable[[], float] = random_fraction
    ) -> None:
        self._log = log
        self._rules = rules
        self._draw = draw

    def process(self, receipt_hash: str) -> None:
        """Open the cases that a result needs, and rank its open ones again.

        Scores, votes and the visitor's request for a decision open cases. Call this after they are stored. It
        never raises, because the visitor's answer must still be sent. The next `sweep` retries after a
        failure.
        """
        try:
            self._process(receipt_hash)
        except Exception:
            logger.exception("cases could not be opened")

    def sweep(self) -> int:
        """Process the results that a process left unprocessed when it ended or failed.

        Return their number. Raises SQLAlchemyError.
        """
        with self._log.transaction() as (session, _):
            receipt_hashes = triage_queries.untriaged_receipt_hashes(session, limit=_BATCH)
        for receipt_hash in receipt_hashes:
            self.process(receipt_hash)
        return len(receipt_hashes)

    def rerank_all(self) -> int:
        """Rank every open case by the present rules and return their number.

        Ranks from before a change of the rules cannot be compared with later ones. Raises SQLAlchemyError.
        """
        count = 0
        last_id = 0
        while True:
            with self._log.transaction() as (session, _):
                triage_queries.lock_case_creation(session)
                batch = triage_queries.open_cases(session, after=last_id, limit=_BATCH)
                for case in batch:
                    update_rank(session, case, self._rules)
                    last_id = case.id
            count += len(batch)
            if len(batch) < _BATCH:
                return count

    def _process(self, receipt_hash: str) -> None:
        """Open the cases of a result in one transaction, which is retried if a case vanishes meanwhile."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._log.transaction() as (session, record):
                    self._open_all(session, receipt_hash, record)
                return
            # The case to join was deleted with its last receipt.
            except IntegrityError:
                if attempt == _ATTEMPTS:
                    raise

    def _open_all(self, session: Session, receipt_hash: str, record: RecordEvent) -> None:
        """Open, join or rank the cases of all subjects of a result whose file is kept."""
        # Taken before anything is read, so that later votes are processed again.
        moment = now()
        triage_queries.lock_case_creation(session)
        analysis = triage_queries.lock_analysis_with_media(session, receipt_hash)
        if analysis is None:
            return
        for subject, reason in self._candidates(session, analysis):
            self._open(session, analysis, subject, reason, record)
        analysis.triaged_at = moment

    def _candidates(self, session: Session, analysis: Analysis) -> list[Candidate]:
        """Return the subjects of an analysis that open or join a case, each with its first reason.

        The random sample precedes all other reasons and is drawn once, before votes are read: disputed faces
        must not be missing from the sample. It consists of visitors' files: of imported files the rule of the
        import selects faces instead, and neither the score nor a conflict opens a case.
        """
        faces = subjects_of(analysis)
        # The file's only face stands for the whole file, which otherwise is a subject of its own, the last.
        whole = faces[0] if len(faces) == 1 else whole_file(analysis)
        subjects = list(faces) if whole in faces else [*faces, whole]
        is_visitors = analysis.imported is None
        selected = self._selected_first(session, analysis, faces, whole)
        uncertain_faces = self._most_uncertain(faces) if is_visitors else set()
        has_conflict = is_visitors and analysis.conflict is not None
        votes = _votes_by_subject(triage_queries.last_votes(session, analysis.id), faces)
        candidates: list[Candidate] = []
        for subject in subjects:
            vote = votes.get(subject.number)
            if subject.number in selected:
                candidates.append((subject, Reason.AUDIT if is_visitors else Reason.IMPORT))
            elif vote == Vote.DISAGREE:
                candidates.append((subject, Reason.DISAGREEMENT))
            elif subject is whole and has_conflict:
                candidates.append((subject, Reason.CONFLICT))
            # A visitor's request for a decision needs a case only if nothing else opens one.
            elif subject is whole and not candidates and _is_unanswered_request(session, analysis):
                candidates.append((subject, Reason.REPORT))
            elif subject.number in uncertain_faces:
                candidates.append((subject, Reason.UNCERTAINTY))
            elif vote is not None:
                candidates.append((subject, None))
        return candidates

    def _selected_first(
        self, session: Session, analysis: Analysis, faces: Sequence[Subject], whole: Subject
    ) -> set[int]:
        """Return the numbers of the subjects that an import's rule or, once, the random draw selects."""
        if analysis.imported is not None:
            return selected_numbers(ImportRule(analysis.imported.rule), faces, whole)
        if analysis.triaged_at is None:
            return self._draw_audit_sample(session, analysis, faces)
        return set()

    def _draw_audit_sample(
        self, session: Session, analysis: Analysis, subjects: Sequence[Subject]
    ) -> set[int]:
        """Return the numbers of the subjects that the random draw selects.

        A subject that came before, in the same file or a near-duplicate, is not selected: it had its draw
        then. Otherwise a visitor could bring a picture until it is drawn.
        """
        drawn = [subject for subject in subjects if self._draw() < self._rules.audit_share]
        # The search for near-duplicates takes time, and few subjects are drawn.
        return {subject.number for subject in drawn if not _came_before(session, analysis, subject)}

    def _most_uncertain(self, subjects: Sequence[Subject]) -> set[int]:
        """Return the numbers of the inconclusive subjects nearest to 0.5, at most MAX_UNCERTAIN_FACES."""
        margin = self._rules.uncertain
        uncertain = [
            subject
            for subject in subjects
            if subject.verdict == "inconclusive" and _distance_from_even(subject) <= margin
        ]
        uncertain.sort(key=_distance_from_even)
        return {subject.number for subject in uncertain[:MAX_UNCERTAIN_FACES]}

    def _open(
        self,
        session: Session,
        analysis: Analysis,
        subject: Subject,
        reason: Reason | None,
        record: RecordEvent,
    ) -> None:
        """Add a subject to a matching case or a new one, or rank the case that it has already."""
        item = case_queries.item_of_subject(session, analysis.id, subject.number)
        if item is not None:
            update_rank(session, item.case, self._rules)
            return
        matching_case = _matching_case(session, analysis, subject)
        if matching_case is None and reason is None:
            return
        # A subject that only joins is stored like one that a visitor disagrees with.
        stored_reason = reason or Reason.DISAGREEMENT
        case = add_item(
            session, matching_case, analysis, subject.number, reason=stored_reason, rules=self._rules
        )
        if matching_case is None:
            details = {"reason": str(stored_reason)}
            record(Event(Actor.SYSTEM, Action.CASE_OPENED, case_subject(case.public_id), details))


def _distance_from_even(subject: Subject) -> float:
    """Return how far a subject's fake probability is from that of the greatest uncertainty.

    A subject without a score is infinitely far from it.
    """
    return math.inf if subject.fake_prob is None else abs(subject.fake_prob - MOST_UNCERTAIN_PROB)


def _is_unanswered_request(session: Session, analysis: Analysis) -> bool:
    """Return True if the visitor asked for a moderator and no case has been opened for the analysis."""
    return analysis.notify and not case_queries.has_items(session, analysis.id)


def _votes_by_subject(votes: Mapping[int, str], subjects: Sequence[Subject]) -> dict[int, str]:
    """Return the votes by subject number.

    In a file with one face a vote on the whole file is a vote on that face, if the face has none of its own.
    """
    if len(subjects) != 1 or WHOLE_FILE not in votes:
        return dict(votes)
    votes_on_faces = {number: vote for number, vote in votes.items() if number != WHOLE_FILE}
    return {subjects[0].number: votes[WHOLE_FILE], **votes_on_faces}


def _came_before(session: Session, analysis: Analysis, subject: Subject) -> bool:
    """Return True if an analysis by the same model, triaged before, has the subject.

    It is one of the very same file, or of a near-duplicate in which the subject has a similar score.
    """
    if triage_queries.has_triaged_copy(session, analysis):
        return True
    for other in triage_queries.triaged_near_duplicates(session, analysis, limit=_MAX_NEAR_DUPLICATES):
        if any(are_alike((analysis, subject), (other, known)) for known in subjects_of(other)):
            return True
    return False


def _matching_case(session: Session, analysis: Analysis, subject: Subject) -> Case | None:
    """Return the case that a subject belongs to.

    The case of the very same file comes first, decided or not. Otherwise the undecided case of a near
    duplicate matches if the face is in the same place and the same model scores it alike.
    """
    same_file = triage_queries.item_of_same_file(session, analysis, subject.number)
    if same_file is not None:
        return same_file.case
    case_ids = triage_queries.near_duplicate_cases(session, analysis, limit=_MAX_NEARBY_CASES)
    for case_id in case_ids:
        # The first item is the one that moderators see.
        item = case_queries.first_item(session, case_id)
        other = item.analysis
        other_subject = subject_of(other, item.subject)
        if other_subject is not None and are_alike((analysis, subject), (other, other_subject)):
            return item.case
    return None
