"""Keep what a visitor says of a verdict, once per key."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.db import queries
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Feedback
from webapp.domain import KEY_LENGTHS, MAX_NOTE, Refused, Vote, now, receipt_hash

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submission:
    """A vote on `subject`: 0 the whole file, from 1 on a picture's face or a clip's person."""

    receipt: str
    subject: int
    vote: str
    note: str
    idempotency_key: str


class FeedbackService:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def submit(self, submission: Submission) -> bool:
        """Store a vote. True: stored now; False: this very submission had been stored before.

        Raises Refused with invalid_vote, invalid_key, note_too_long, invalid_note, unknown_receipt, unknown_face, key_reused or not_saved.
        """
        note = _checked_note(submission.note)
        vote = _checked_vote(submission.vote)
        if not KEY_LENGTHS[0] <= len(submission.idempotency_key) <= KEY_LENGTHS[1]:
            raise Refused("invalid_key", f"The idempotency key must have {KEY_LENGTHS[0]} to {KEY_LENGTHS[1]} characters.")
        try:
            try:
                return self._store(submission, vote, note)
            except IntegrityError:  # another request with this key came first
                return self._store(submission, vote, note)
        except SQLAlchemyError as error:
            logger.exception("feedback could not be stored")
            raise Refused("not_saved", "Your vote could not be saved. Please try again in a moment.") from error

    def _store(self, submission: Submission, vote: Vote, note: str) -> bool:
        with self._sessions.begin() as session:
            analysis = queries.analysis_by_receipt(session, receipt_hash(submission.receipt))
            if analysis is None:
                raise Refused("unknown_receipt", "There is no result under this receipt.")
            _check_subject(session, analysis, submission.subject)
            earlier = queries.feedback_by_key(session, submission.idempotency_key)
            if earlier is not None:
                if (earlier.analysis_id, earlier.subject, earlier.vote, earlier.note) != (analysis.id, submission.subject, vote, note):
                    raise Refused("key_reused", "This idempotency key was used for another vote.")
                return False
            session.add(
                Feedback(
                    analysis_id=analysis.id,
                    created_at=now(),
                    subject=submission.subject,
                    vote=vote,
                    note=note,
                    idempotency_key=submission.idempotency_key,
                )
            )
        return True


def _checked_vote(text: str) -> Vote:
    try:
        return Vote(text)
    except ValueError:
        raise Refused("invalid_vote", f"A vote must be one of {', '.join(Vote)}.") from None


def _checked_note(note: str) -> str:
    note = note.strip()
    if len(note) > MAX_NOTE:
        raise Refused("note_too_long", f"A note can have at most {MAX_NOTE} characters; this one has {len(note)}.")
    if "\x00" in note or any(0xD800 <= ord(character) <= 0xDFFF for character in note):
        raise Refused("invalid_note", "The note holds characters that cannot be stored.")
    return note


def _check_subject(session: Session, analysis: Analysis, subject: int) -> None:
    count = queries.count_subjects(session, analysis)
    if not 0 <= subject <= count:
        raise Refused("unknown_face", f"This result has {count} faces; there is no face {subject}.")
