"""Results by receipt: reading, deletion, stability checks, and requests for a notice of the decision."""

from __future__ import annotations

import base64
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy.exc import SQLAlchemyError

from laanet_core.documents import ModelDocument
from laanet_core.inference.stable_verdicts import stable_result
from laanet_core.results import AnalysisResult, Stability, Verdict
from webapp.db import analysis_queries
from webapp.db.near_duplicates import fingerprint_bits
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Feedback, Rescore
from webapp.domain.errors import Refused, Unable, unknown_receipt
from webapp.security.tokens import receipt_hash
from webapp.services.analysis_records.annotations import parse_tags
from webapp.services.analysis_records.known_files import KnownFiles
from webapp.services.analysis_records.rows import decision_of, result_of
from webapp.services.moderation.decision_rule import UNDO_PERIOD
from webapp.services.results.deletion import ResultDeletion
from webapp.services.results.documents import (
    ConsentDocument,
    FeedbackDocument,
    KeptFileDocument,
    LaterScore,
    MediaDocument,
    StoredResult,
    ThresholdsDocument,
)
from webapp.services.results.moderation_outcome import moderation_outcome

logger = logging.getLogger(__name__)
# Longest time between a row's timestamp and its commit; a transaction that waits longer is refused.
_COMMIT_DELAY = timedelta(minutes=1)


class ReceiptService:
    """Reads, deletes and annotates results for the holder of a receipt.

    Every method raises Refused: unknown_receipt, or unavailable, not_saved, not_deleted if the database
    fails.
    """

    def __init__(
        self,
        sessions: Sessions,
        deletion: ResultDeletion,
        *,
        undo_period: timedelta = UNDO_PERIOD,
        on_notice: Callable[[str], object] | None = None,
        backed_up_until: Callable[[], datetime | None] = lambda: None,
        known_files: KnownFiles | None = None,
    ) -> None:
        """`undo_period`: time for which a decision may be undone and is not shown. `on_notice` is called
        with the receipt's hash if a visitor wants to know the decision. `backed_up_until` returns the
        time up to which everything is in a backup. `known_files` finds earlier decisions on a file; without
        it none is shown.
        """
        self._sessions = sessions
        self._deletion = deletion
        self._undo_period = undo_period
        self._on_notice = on_notice
        self._backed_up_until = backed_up_until
        self._known_files = known_files

    def result(self, receipt: str) -> StoredResult:
        """Return everything that is stored under a receipt."""
        with (
            database_errors(
                "unavailable", "The result cannot be read just now. Please try again in a moment."
            ),
            self._sessions() as session,
        ):
            row = analysis_queries.analysis_by_receipt(session, receipt_hash(receipt))
            if row is None:
                raise unknown_receipt()
            outcome = moderation_outcome(session, row, self._undo_period)
            result = result_of(row)
            return StoredResult.from_result(
                result,
                analysis=result,
                created_at=row.created_at,
                size=None if row.width is None or row.height is None else (row.width, row.height),
                thresholds=_thresholds(row),
                is_stable=row.is_stable,
                unstable_faces=[face.number for face in row.faces if face.is_stable is False],
                feedback=[_feedback_document(feedback) for feedback in row.feedback],
                later_scores=[later_score(rescore) for rescore in row.rescores],
                notify=row.notify,
                media=_media_document(row),
                decision=outcome.decision,
                waiting=outcome.waiting,
                reliability=outcome.reliability,
                known=None if self._known_files is None else self._known_files.find_for(session, row),
                durable=self._is_durable(row),
            )

    def exists(self, receipt: str) -> bool:
        """Return True if a result is stored under the receipt. Raises Refused (unavailable)."""
        with (
            database_errors(
                "unavailable", "The result cannot be read just now. Please try again in a moment."
            ),
            self._sessions() as session,
        ):
            return analysis_queries.analysis_by_receipt(session, receipt_hash(receipt)) is not None

    def remember_stability(
        self, receipt: str, result: AnalysisResult, checks: Sequence[Stability | None]
    ) -> None:
        """Store whether a picture's verdicts are stable. `checks` come from `EvidenceService.stabilities`.

        Nothing is stored for a clip: its verdict is not that of the one checked frame. A deleted result
        stays deleted.
        """
        if result.kind == "video":
            return
        faces = {number: check.stable for number, check in enumerate(checks, start=1) if check is not None}
        is_stable = stable_result(result, checks).verdict == result.verdict
        with (
            database_errors("not_saved", "It could not be saved. Please try again in a moment."),
            self._sessions.begin() as session,
        ):
            analysis_queries.set_stability(session, receipt_hash(receipt), is_stable, faces)

    def delete(self, receipt: str) -> None:
        """Delete the result and everything that depends on it; see `ResultDeletion.delete`.

        Raises Refused also with file_left. A second call raises unknown_receipt.
        """
        with database_errors("not_deleted", "The result could not be deleted. Please try again in a moment."):
            self._deletion.delete(receipt)

    def set_notice_request(self, receipt: str, is_requested: bool) -> None:
        """Store whether the visitor wants to know the moderators' decision, and nothing about the visitor.

        A visitor who wants to know also asks for a decision: a kept file becomes a case.
        """
        with (
            database_errors("not_saved", "Your request could not be saved. Please try again in a moment."),
            self._sessions.begin() as session,
        ):
            row = analysis_queries.analysis_by_receipt(session, receipt_hash(receipt))
            if row is None:
                raise unknown_receipt()
            row.notify = is_requested
        if is_requested and self._on_notice is not None:
            self._on_notice(receipt_hash(receipt))

    def _is_durable(self, row: Analysis) -> bool:
        """Return whether a backup has the result and all its votes."""
        backed_up_until = self._backed_up_until()
        last_change = max([row.created_at, *(feedback.created_at for feedback in row.feedback)])
        return backed_up_until is not None and last_change + _COMMIT_DELAY < backed_up_until


@contextmanager
def database_errors(code: str, message: str) -> Iterator[None]:
    """Log database errors inside the block and raise Refused instead."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, Unable) as error:
        logger.exception("a receipt could not be served: %s", code)
        raise Refused(code, message) from error


def _thresholds(row: Analysis) -> ThresholdsDocument | None:
    decision = decision_of(row)
    if decision is None:
        return None
    return ThresholdsDocument(
        temperature=decision.temperature, real_below=decision.real_below, fake_above=decision.fake_above
    )


def _media_document(row: Analysis) -> MediaDocument:
    consent = row.consent
    media = None if consent is None else consent.media
    kept_document = None
    consent_document = None
    if media is not None:
        kept_document = KeptFileDocument(sha256=media.sha256, bytes=media.bytes, format=media.format)
    if consent is not None:
        consent_document = ConsentDocument(given_at=consent.given_at, text_version=consent.text_version)
    return MediaDocument(
        sha256=row.media_sha256,
        fingerprints=[f"{fingerprint_bits(fingerprint):016x}" for fingerprint in row.fingerprints],
        consent=consent_document,
        kept_since=None if consent is None or media is None else consent.given_at,
        kept=kept_document,
    )


def _feedback_document(row: Feedback) -> FeedbackDocument:
    return FeedbackDocument(
        created_at=row.created_at,
        face=row.subject,
        vote=row.vote,
        note=row.note,
        tags=[str(tag) for tag in parse_tags(tag.tag for tag in row.tags)],
        region=None if row.region is None else base64.b64encode(row.region.png).decode(),
    )


def later_score(row: Rescore) -> LaterScore:
    return LaterScore(
        created_at=row.created_at,
        model=ModelDocument(name=row.model_name, version=row.model_version, sha256=row.model_sha256),
        fake_prob=round(row.fake_prob, 4),
        verdict=cast(Verdict, row.verdict),
    )
