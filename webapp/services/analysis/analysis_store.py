"""Storing of analyses: the result with its receipt and, if the visitor consents, the file."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from laanet_core.errors import Cancelled
from laanet_core.results import AnalysisResult
from webapp.db.analysis_queries import analysis_by_receipt
from webapp.db.session import Sessions
from webapp.security.tokens import new_receipt, receipt_hash, report_number
from webapp.services.analysis.documents import StoredAnalysisDocument
from webapp.services.analysis_records.known_files import KnownFile, KnownFiles
from webapp.services.analysis_records.rows import AnalysisRecord, result_of, row_of
from webapp.services.storage.kept_media import KeptMediaService, PlacedFile, StoreFull

logger = logging.getLogger(__name__)
# Attempts to store an analysis with a kept file. The same file may be stored or deleted at the same moment.
_ATTEMPTS = 5


@dataclass(frozen=True)
class StoredAnalysis:
    """Result of a file with its sha256, time and receipt; no receipt if the result could not be stored.

    `is_kept`: the file is kept under the receipt. `not_kept` is the reason if it is not although the visitor
    consented: store_full or not_kept.
    """

    result: AnalysisResult
    media_sha256: str
    created: datetime
    receipt: str | None
    is_kept: bool = False
    not_kept: str | None = None
    known: KnownFile | None = None

    def document(self) -> StoredAnalysisDocument:
        """Return the JSON document."""
        return StoredAnalysisDocument.from_result(
            self.result,
            receipt=self.receipt,
            kept=self.is_kept,
            not_kept=self.not_kept,
            known=self.known,
        )


class AnalysisStore:
    """Store of results and of the files that visitors let be kept.

    Without `kept_media` no file is ever kept. `on_kept` is called with the receipt's hash of every result
    that was stored with its file. `known_files` finds earlier decisions; without it none is shown.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        kept_media: KeptMediaService | None = None,
        on_kept: Callable[[str], object] | None = None,
        known_files: KnownFiles | None = None,
    ) -> None:
        self._sessions = sessions
        self._kept_media = kept_media
        self._on_kept = on_kept
        self._known_files = known_files

    def place(self, path: Path, result: AnalysisResult) -> PlacedFile:
        """Copy the file of a result into the media store, before the result is stored."""
        if self._kept_media is None:
            return PlacedFile(code="not_kept")
        return self._kept_media.place(path, result)

    def store(
        self,
        record: AnalysisRecord,
        placed: PlacedFile | None,
        check: Callable[[], None],
        wanted_receipt: str | None = None,
    ) -> StoredAnalysis:
        """Store a result in one transaction, with its placed file if there is one.

        `wanted_receipt` is the client's own. If a result of the same file is stored under it already, no
        second one is stored; if another file's is, the result gets a receipt of the server. `check` runs
        right before the commit and may raise Cancelled. The answer says whether the result and its file are
        stored, and shows earlier decisions on the file if the host shows them.
        """
        return self._with_known(self._stored(record, placed, check, wanted_receipt))

    def _stored(
        self,
        record: AnalysisRecord,
        placed: PlacedFile | None,
        check: Callable[[], None],
        wanted_receipt: str | None,
    ) -> StoredAnalysis:
        receipt = wanted_receipt or new_receipt()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                earlier = self._earlier(receipt) if wanted_receipt else None
                if earlier is not None and earlier.media_sha256 == record.media_sha256:
                    self._settle(placed, None)
                    return dataclasses.replace(earlier, result=record.result)
                if earlier is not None:
                    receipt = new_receipt()
                linked = self._insert(record, receipt, placed, check)
            except StoreFull:
                placed = PlacedFile(placed.name if placed else "", code="store_full")
                continue
            except Cancelled:
                self._settle(placed, None)
                raise
            except SQLAlchemyError as error:
                may_retry = isinstance(error, IntegrityError) and placed is not None
                if may_retry and attempt < _ATTEMPTS:
                    continue
                # The placed file has no row. The next sweep removes it.
                logger.exception("an analysis could not be stored")
                return StoredAnalysis(record.result, record.media_sha256, record.created, None)
            self._settle(placed, linked)
            if linked is not None and self._on_kept is not None:
                self._on_kept(receipt_hash(receipt))
            return StoredAnalysis(
                record.result,
                record.media_sha256,
                record.created,
                receipt,
                is_kept=linked is not None,
                not_kept=None if placed is None else placed.code,
            )
        return StoredAnalysis(record.result, record.media_sha256, record.created, None)

    def _earlier(self, receipt: str) -> StoredAnalysis | None:
        """Return what an earlier attempt stored under the receipt; None if it stored nothing."""
        with self._sessions() as session:
            row = analysis_by_receipt(session, receipt_hash(receipt))
            if row is None:
                return None
            is_kept = row.consent is not None and row.consent.media is not None
            return StoredAnalysis(result_of(row), row.media_sha256, row.created_at, receipt, is_kept=is_kept)

    def _with_known(self, stored: StoredAnalysis) -> StoredAnalysis:
        if self._known_files is None or stored.receipt is None:
            return stored
        return dataclasses.replace(stored, known=self._known_files.find(stored.receipt))

    def _insert(
        self, record: AnalysisRecord, receipt: str, placed: PlacedFile | None, check: Callable[[], None]
    ) -> str | None:
        """Insert the rows and return the name of the linked kept file, if any."""
        row = row_of(record, receipt_hash(receipt))
        row.report_number = report_number(receipt)
        linked = None
        with self._sessions.begin() as session:
            session.add(row)
            if placed is not None and self._kept_media is not None:
                linked = self._kept_media.link(session, row, placed)
            session.flush()
            check()
        return linked

    def _settle(self, placed: PlacedFile | None, linked: str | None) -> None:
        if placed is not None and self._kept_media is not None:
            self._kept_media.settle(placed, linked)
