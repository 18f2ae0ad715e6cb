"""Files that moderators have decided on before: the very same file, or a near copy, brought by others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from laanet_core.documents import Document
from webapp.db import analysis_queries, known_file_queries
from webapp.db.known_file_queries import DecidedItem
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.domain.clock import now
from webapp.security.tokens import receipt_hash
from webapp.services.analysis_records.subjects import (
    Subject,
    are_alike,
    show_same_face,
    subject_of,
    subjects_of,
    whole_file,
)

logger = logging.getLogger(__name__)


class KnownFace(Document):
    """Moderators' decision on the same face of the same file, or of a near copy, that others brought."""

    face: int = Field(description="0 the whole file; from 1 on a picture's face or a clip's person")
    value: str = Field(description="real, fake, cannot_tell or unusable")
    decided_on: date = Field(description="day in UTC")
    moderators: int = Field(description="number of moderators whose label is this value")
    exact: bool = Field(description="decided on this very file, byte for byte; false: on a near copy")


class KnownFile(Document):
    """Earlier decisions on a file."""

    faces: list[KnownFace]


@dataclass(frozen=True)
class KnownFileRules:
    """Rules for showing an earlier decision.

    `days` is the number of other days on which receipts for the file must have been made: different receipts
    of one day may all be one visitor's, so they count as one. `undo_period` is
    the time for which a decision may be undone and is not shown.
    """

    days: int
    undo_period: timedelta


class KnownFiles:
    """Finds earlier decisions on a file, if enough others have brought it.

    A decision tells that another visitor's file was kept. So it is shown only if receipts for the file were
    made on `rules.days` different days, the day of the asking receipt not counted. Receipts of one day count
    once: one visitor can make many within minutes. Visitors are anonymous, so a patient visitor still counts
    as several; the limit makes that slow, not impossible.
    """

    def __init__(self, sessions: Sessions, rules: KnownFileRules) -> None:
        self._sessions = sessions
        self._rules = rules

    def find(self, receipt: str) -> KnownFile | None:
        """Return the earlier decisions on a receipt's file; None also if the database fails.

        The result is shown all the same, so a failure is only logged.
        """
        try:
            with self._sessions() as session:
                row = analysis_queries.analysis_by_receipt(session, receipt_hash(receipt))
                return None if row is None else self.find_for(session, row)
        except SQLAlchemyError:
            logger.exception("earlier decisions on a file could not be read")
            return None

    def find_for(self, session: Session, analysis: Analysis) -> KnownFile | None:
        """Return the earlier decisions on an analysed file. Raises SQLAlchemyError."""
        before = now() - self._rules.undo_period
        faces = []
        same, near = known_file_queries.decided_copies(session, analysis, before)
        if not same and not near:
            return None
        for subject in _subjects(analysis):
            face = self._known_face(session, analysis, subject, same, exact=True)
            face = face or self._known_face(session, analysis, subject, near, exact=False)
            if face is not None:
                faces.append(face)
        return KnownFile(faces=faces) if faces else None

    def _known_face(
        self,
        session: Session,
        analysis: Analysis,
        subject: Subject,
        copies: Sequence[DecidedItem],
        *,
        exact: bool,
    ) -> KnownFace | None:
        """Return the newest decision on a subject; None without one, or if decisions contradict."""
        matching = [copy for copy in copies if _is_about(copy, analysis, subject, exact=exact)]
        if len({copy.decision.value for copy in matching}) != 1:
            return None
        newest = max(matching, key=lambda copy: (copy.decision.decided_at, copy.decision.id))
        days = known_file_queries.receipt_days(session, analysis, near_copies=not exact)
        if len(days - {analysis.created_at.date()}) < self._rules.days:
            return None
        return KnownFace(
            face=subject.number,
            value=newest.decision.value,
            decided_on=newest.decision.decided_at.date(),
            moderators=known_file_queries.count_agreeing(session, newest.decision),
            exact=exact,
        )


def _subjects(analysis: Analysis) -> list[Subject]:
    """Return the judged subjects of an analysis, and the whole file."""
    return [whole_file(analysis), *subjects_of(analysis)]


def _is_about(copy: DecidedItem, analysis: Analysis, subject: Subject, *, exact: bool) -> bool:
    """Return whether a decision on a copy is about a subject of an analysis.

    A picture and its manipulated copy look alike, so of a near copy the same model must have scored the face
    alike.
    """
    other = subject_of(copy.item.analysis, copy.item.subject)
    if other is None:
        return False
    if exact:
        return show_same_face(subject, other)
    return are_alike((analysis, subject), (copy.item.analysis, other))
