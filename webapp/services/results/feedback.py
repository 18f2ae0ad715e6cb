"""Feedback: a visitor's vote on a verdict, stored once per idempotency key."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.db import analysis_queries
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Feedback, FeedbackRegion, FeedbackTag
from webapp.domain.clock import now
from webapp.domain.enums import Tag, Vote
from webapp.domain.errors import Refused, unknown_receipt
from webapp.domain.limits import KEY_LENGTHS
from webapp.domain.text import is_storable
from webapp.media.masks import Mask
from webapp.security.tokens import receipt_hash
from webapp.services.analysis_records.annotations import check_note, parse_region, parse_tags

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submission:
    """A vote on `subject`: 0 the whole file, from 1 a picture's face or a clip's person.

    `note` is stored byte for byte. `tags` are reasons (see Tag) in any order. `region`: PNG of one channel
    over the whole upright picture, whatever its own size; pictures only, because a clip has no single
    moment.
    """

    receipt: str
    subject: int
    vote: str
    note: str
    idempotency_key: str
    tags: Sequence[str] = ()
    region: bytes | None = None


@dataclass(frozen=True)
class _ParsedVote:
    """Valid parts of a submission."""

    vote: Vote
    tags: tuple[Tag, ...]
    mask: Mask | None


class FeedbackService:
    """Stores votes. `on_stored` is called with the receipt's hash of every new vote."""

    def __init__(self, sessions: Sessions, *, on_stored: Callable[[str], object] | None = None) -> None:
        self._sessions = sessions
        self._on_stored = on_stored

    def submit(self, submission: Submission) -> bool:
        """Store a vote. Return False if the same submission was stored before.

        Raises Refused with invalid_vote, invalid_tag, invalid_region, invalid_key, note_too_long,
        invalid_note, unknown_receipt, unknown_face, key_reused or not_saved.
        """
        check_note(submission.note)
        _check_key(submission.idempotency_key)
        mask = parse_region(submission.region)
        parsed = _ParsedVote(_parse_vote(submission.vote), parse_tags(submission.tags), mask)
        try:
            try:
                is_new = self._store(submission, parsed)
            except IntegrityError:
                # A request with the same key came first, or the analysis was deleted meanwhile.
                is_new = self._store(submission, parsed)
        except SQLAlchemyError as error:
            logger.exception("feedback could not be stored")
            raise Refused(
                "not_saved", "Your vote could not be saved. Please try again in a moment."
            ) from error
        if is_new and self._on_stored is not None:
            self._on_stored(receipt_hash(submission.receipt))
        return is_new

    def _store(self, submission: Submission, parsed: _ParsedVote) -> bool:
        with self._sessions.begin() as session:
            analysis = analysis_queries.analysis_by_receipt(session, receipt_hash(submission.receipt))
            if analysis is None:
                raise unknown_receipt()
            _check_subject(session, analysis, submission.subject)
            is_paintable = analysis.kind == "image" and analysis.outcome != "rejected"
            if parsed.mask is not None and not is_paintable:
                raise Refused("invalid_region", "A region can be painted on a picture only.")
            row = _row(analysis, submission, parsed)
            earlier = analysis_queries.feedback_by_key(session, submission.idempotency_key)
            if earlier is None:
                session.add(row)
                return True
            if _content(earlier) != _content(row):
                raise Refused("key_reused", "This idempotency key was used for another vote.")
            return False


def _row(analysis: Analysis, submission: Submission, parsed: _ParsedVote) -> Feedback:
    mask = parsed.mask
    return Feedback(
        analysis_id=analysis.id,
        created_at=now(),
        subject=submission.subject,
        vote=parsed.vote,
        note=submission.note,
        idempotency_key=submission.idempotency_key,
        tags=[FeedbackTag(tag=tag) for tag in parsed.tags],
        region=None if mask is None else FeedbackRegion(width=mask.width, height=mask.height, png=mask.png),
    )


def _content(row: Feedback) -> tuple[object, ...]:
    """Return the values of a vote that a repeated submission must have, too."""
    tags = frozenset(str(tag.tag) for tag in row.tags)
    return (
        row.analysis_id,
        row.subject,
        str(row.vote),
        row.note,
        tags,
        None if row.region is None else row.region.png,
    )


def _parse_vote(text: str) -> Vote:
    try:
        return Vote(text)
    except ValueError:
        raise Refused("invalid_vote", f"A vote must be one of {', '.join(Vote)}.") from None


def _check_key(key: str) -> None:
    shortest, longest = KEY_LENGTHS
    has_valid_length = shortest <= len(key) <= longest
    if not has_valid_length or not is_storable(key):
        raise Refused("invalid_key", f"The idempotency key must have {shortest} to {longest} characters.")


def _check_subject(session: Session, analysis: Analysis, subject: int) -> None:
    count = analysis_queries.count_subjects(session, analysis)
    if not 0 <= subject <= count:
        faces = "1 face" if count == 1 else f"{count} faces"
        raise Refused("unknown_face", f"This result has {faces}; there is no face {subject}.")
