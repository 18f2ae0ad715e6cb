"""Which results become cases: those of kept files that somebody disputes, that the model cannot tell, or that are drawn at random."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.db import case_queries, triage_queries
from webapp.db.audit_chain import Event
from webapp.db.tables import Analysis, Case
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, Reason, Vote
from webapp.security.tokens import random_fraction
from webapp.services.analysis_records.subjects import Subject, same_place, subject_of, subjects_of, whole_file
from webapp.services.audit.log import Tell
from webapp.services.moderation.case_events import CaseEvents, case_subject
from webapp.services.moderation.ranking import TriageRules, add_item, update_rank

logger = logging.getLogger(__name__)
SCORES_ALIKE = 0.25  # of fake probabilities by one model: a picture and its manipulated copy look alike, their scores need not
MOST_UNCERTAIN = 5  # faces of one file
_NEARBY = 20  # cases of near copies that are compared face by face
_AT_ONCE = 200  # results that one sweep looks at
_TRIES = 3


class Triage:
    """Looks at results of which the files are kept: a case whose picture nobody can see cannot be settled.

    `draw` gives numbers from 0 to 1 for the random audit, and knows nothing of scores.
    """

    def __init__(
        self, log: CaseEvents, rules: TriageRules, *, draw: Callable[[], float] = random_fraction
    ) -> None:
        self._log = log
        self._rules = rules
        self._draw = random_fraction

    def process(self, receipt_hash: str) -> None:
        """Open what a result's scores, votes and its visitor's wish ask for; what is open already is ranked anew.

        To be called once all of that is stored. Never raises: what fails here is made up for by the next `sweep`.
        """
        try:
            self._process(receipt_hash)
        except Exception:  # whatever it was: the answer or the vote is stored, and must be given
            logger.exception("cases could not be opened")

    def sweep(self) -> int:
        """Look at what nobody has looked at since it came, because a process ended in between; how many. Raises SQLAlchemyError."""
        with self._log.transaction() as (session, _):
            missed = triage_queries.untriaged_receipt_hashes(session, limit=_AT_ONCE)
        for receipt_hash in missed:
            self.process(receipt_hash)
        return len(missed)

    def rerank_all(self) -> int:
        """Every open case, by the rules of now: ranks of before a change of them cannot be compared with those of after. How many.

        Raises SQLAlchemyError.
        """
        done = last = 0
        while True:
            with self._log.transaction() as (session, _):
                triage_queries.lock_case_creation(session)
                found = triage_queries.open_cases(session, after=last, limit=_AT_ONCE)
                for case in found:
                    update_rank(session, case, self._rules)
                    last = case.id
            done += len(found)
            if len(found) < _AT_ONCE:
                return done

    def _process(self, receipt_hash: str) -> None:
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                with self._log.transaction() as (session, tell):
                    self._open_all(session, receipt_hash, tell)
                return
            except IntegrityError:  # the case it was to join went with its last receipt
                if last:
                    raise

    def _open_all(self, session: Session, receipt_hash: str, tell: Tell) -> None:
        moment = now()  # before anything is read: whatever comes later is looked at again
        triage_queries.lock_case_creation(session)
        analysis = triage_queries.lock_analysis_with_media(session, receipt_hash)
        if analysis is None:
            return
        for subject, reason in self._asked(session, analysis):
            self._open(session, analysis, subject, reason, tell)
        analysis.triaged_at = moment

    def _asked(self, session: Session, analysis: Analysis) -> list[tuple[Subject, Reason | None]]:
        """Every subject that something is to be done for, and why; None: it only joins what others have opened.

        The draw comes first of all reasons, and once, before anybody can vote: the sample must not lack what is also disputed.
        """
        subjects = subjects_of(analysis)
        first = analysis.triaged_at is None
        drawn = {subject.number for subject in subjects if first and self._draw() < self._rules.audit_share}
        votes = _by_subject(triage_queries.last_votes(session, analysis.id), subjects)
        uncertain = self._uncertain(subjects)
        whole = subjects[0] if len(subjects) == 1 else whole_file(analysis)
        asked: list[tuple[Subject, Reason | None]] = []
        for subject in [*subjects, *([whole] if whole not in subjects else [])]:
            vote = votes.get(subject.number)
            if subject.number in drawn:
                asked.append((subject, Reason.AUDIT))
            elif vote == Vote.DISAGREE:
                asked.append((subject, Reason.DISAGREEMENT))
            elif (
                analysis.notify
                and subject is whole
                and not asked
                and not case_queries.has_items(session, analysis.id)
            ):
                asked.append((subject, Reason.REPORT))
            elif subject.number in uncertain:
                asked.append((subject, Reason.UNCERTAINTY))
            elif vote is not None:
                asked.append((subject, None))
        return asked

    def _uncertain(self, subjects: list[Subject]) -> set[int]:
        found = [
            subject
            for subject in subjects
            if subject.verdict == "inconclusive" and abs(subject.fake_prob - 0.5) <= self._rules.uncertain
        ]
        return {
            subject.number
            for subject in sorted(found, key=lambda subject: abs(subject.fake_prob - 0.5))[:MOST_UNCERTAIN]
        }

    def _open(
        self, session: Session, analysis: Analysis, subject: Subject, reason: Reason | None, tell: Tell
    ) -> None:
        item = case_queries.item_of_subject(session, analysis.id, subject.number)
        if item is not None:
            update_rank(session, item.case, self._rules)
            return
        known = _case_for(session, analysis, subject)
        if known is None and reason is None:
            return
        why = reason or Reason.DISAGREEMENT  # with those who opened it
        case = add_item(session, known, analysis, subject.number, why, self._rules)
        if known is None:
            tell(Event(Actor.SYSTEM, Action.CASE_OPENED, case_subject(case.public_id), {"reason": str(why)}))


def _by_subject(votes: Mapping[int, str], subjects: list[Subject]) -> dict[int, str]:
    """A vote on the whole of a file with one face is one on that face."""
    if len(subjects) != 1 or 0 not in votes:
        return dict(votes)
    return {subjects[0].number: votes[0], **{number: vote for number, vote in votes.items() if number}}


def _case_for(session: Session, analysis: Analysis, subject: Subject) -> Case | None:
    """The case that a subject belongs to: of the very same file, decided or not; else an undecided one of a near copy, where the face lies
    in the same place and the same model scores it alike.
    """
    same = triage_queries.item_of_same_file(session, analysis, subject.number)
    if same is not None:
        return same.case
    for case_id in triage_queries.near_duplicate_cases(session, analysis, limit=_NEARBY)[:_NEARBY]:
        item = case_queries.first_item(session, case_id)  # the one that is shown
        other, theirs = item.analysis, subject_of(item.analysis, item.subject)
        if other.kind != analysis.kind or other.model_sha256 != analysis.model_sha256 or theirs is None:
            continue
        if same_place(subject, theirs) and abs(subject.fake_prob - theirs.fake_prob) <= SCORES_ALIKE:
            return item.case
    return None
