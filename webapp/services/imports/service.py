"""Import of files: each is copied, judged and kept, with its source and the stated right to use it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from laanet_core.results import AnalysisResult
from webapp.db.audit_chain import Event
from webapp.db.import_queries import imported_file
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, ImportedFile
from webapp.domain.clock import now
from webapp.domain.consent import IMPORTED as IMPORTED_CONSENT
from webapp.domain.enums import Action, Actor, ImportRule
from webapp.domain.errors import Unable
from webapp.domain.limits import MAX_STATEMENT
from webapp.domain.text import is_storable
from webapp.media.fingerprint import Fingerprints
from webapp.security.tokens import new_receipt, receipt_hash, report_number
from webapp.services.analysis.detectors import DetectorProvider, FileDetector, provider_of
from webapp.services.analysis_records.rows import AnalysisRecord, row_of
from webapp.services.audit.log import AuditService
from webapp.services.imports.report import IMPORTED, KNOWN, REFUSED, ImportRow
from webapp.services.imports.sources import ListedFile, UnimportableFile, copy_file
from webapp.services.storage.kept_media import KeptMediaService, PlacedFile, StoreFull

# Attempts to store a file. The same file may be stored or deleted at the same moment.
_ATTEMPTS = 5


@dataclass(frozen=True)
class ImportSummary:
    """Numbers of files that were imported, known before, and refused."""

    imported: int
    known: int
    refused: int


@dataclass(frozen=True)
class _JudgedFile:
    """Copy of a file to import, and what the model says about it."""

    listed: ListedFile
    sha256: str
    path: Path
    record: AnalysisRecord

    @property
    def result(self) -> AnalysisResult:
        return self.record.result


class ImportService:
    """Imports files one at a time. A file's analysis and import are stored in one transaction.

    So an import that was killed continues with the files that are missing. Files are identified by their
    sha256, which is imported once, also by imports that run at the same time.
    """

    def __init__(
        self,
        sessions: Sessions,
        audit: AuditService,
        kept_media: KeptMediaService,
        detector: FileDetector | DetectorProvider,
        *,
        frames: int,
        max_bytes: int,
        folder: Path,
        on_stored: Callable[[str], object],
    ) -> None:
        """`frames` are judged of a clip. Larger files than `max_bytes` are refused. Copies go below `folder`.

        `on_stored` opens the cases of the analysis with this receipt's hash, if they are not open.
        """
        self._sessions = sessions
        self._audit = audit
        self._kept_media = kept_media
        self._detectors = provider_of(detector)
        self._frames = frames
        self._max_bytes = max_bytes
        self._folder = folder
        self._on_stored = on_stored

    def run(
        self, files: Iterable[ListedFile], rule: ImportRule, report: Callable[[ImportRow], object]
    ) -> ImportSummary:
        """Import files that open cases by `rule`, and pass the outcome of each to `report`.

        A refused file does not stop the others. Raises Unable (store_full, not_stored), OSError and database
        errors; files from before stay imported.
        """
        states: Counter[str] = Counter()
        try:
            for file in files:
                row = self._row(file, rule)
                states[row.state] += 1
                report(row)
        finally:
            # An interrupted import is recorded, too.
            if states[IMPORTED]:
                counts = {state: states[state] for state in (IMPORTED, KNOWN, REFUSED)}
                event = Event(Actor.SYSTEM, Action.FILES_IMPORTED, details={**counts, "rule": str(rule)})
                self._audit.record(event)
        return ImportSummary(states[IMPORTED], states[KNOWN], states[REFUSED])

    def _row(self, file: ListedFile, rule: ImportRule) -> ImportRow:
        try:
            check_statement(file.source, "source")
            check_statement(file.rights, "rights")
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                return self._import(file, rule, Path(folder) / "copy")
        except UnimportableFile as error:
            return ImportRow(
                path=file.path, sha256=error.sha256, state=REFUSED, code=error.code, message=error.message
            )

    def _import(self, file: ListedFile, rule: ImportRule, copy: Path) -> ImportRow:
        """Import a file, unless it is imported. Raises UnimportableFile and the errors of `run`."""
        sha256 = copy_file(file.address, copy, self._max_bytes)
        if self._is_known(sha256):
            return ImportRow(path=file.path, sha256=sha256, state=KNOWN)
        judged = self._judge(file, sha256, copy)
        receipt = self._keep(judged, rule)
        if receipt is None:
            return ImportRow(path=file.path, sha256=sha256, state=KNOWN)
        self._on_stored(receipt_hash(receipt))
        return ImportRow(
            path=file.path,
            sha256=sha256,
            state=IMPORTED,
            outcome=judged.result.outcome,
            verdict=judged.result.verdict,
            receipt=receipt,
        )

    def _is_known(self, sha256: str) -> bool:
        """Return True if a file is imported. Open its cases if an earlier import was killed before that."""
        with self._sessions() as session:
            known = imported_file(session, sha256)
            if known is None:
                return False
            untriaged = known.analysis.receipt_hash if known.analysis.triaged_at is None else None
        if untriaged is not None:
            self._on_stored(untriaged)
        return True

    def _judge(self, file: ListedFile, sha256: str, copy: Path) -> _JudgedFile:
        """Judge the copy of a file. Raises UnimportableFile with the detector's code if it is unreadable."""
        # One detector judges the whole file, even if another one is promoted meanwhile.
        detector = self._detectors.current
        fingerprints = Fingerprints()
        result = detector.analyse_file(
            copy, frames=self._frames, on_frame=lambda frame: fingerprints(frame.rgb)
        )
        if result.error is not None:
            raise UnimportableFile(result.error.code, result.error.message, sha256)
        record = AnalysisRecord(result, detector.decision, sha256, fingerprints.chosen(), now())
        return _JudgedFile(file, sha256, copy, record)

    def _keep(self, judged: _JudgedFile, rule: ImportRule) -> str | None:
        """Store a file with its analysis and return the receipt; None if another import was faster.

        Raises UnimportableFile (not_kept), Unable (store_full, not_stored) and database errors.
        """
        placed = self._kept_media.place(judged.path, judged.result)
        if placed.code == "store_full":
            raise _store_full()
        if placed.code is not None:
            raise UnimportableFile(placed.code, "The file could not be kept; see the log.", judged.sha256)
        receipt = new_receipt()
        for _ in range(_ATTEMPTS):
            # After other errors of the database the row may exist, so the placed file is left to the sweep.
            try:
                linked = self._insert(judged, rule, receipt, placed)
            except StoreFull as error:
                self._kept_media.settle(placed, None)
                raise _store_full() from error
            except IntegrityError:
                if self._is_known(judged.sha256):
                    self._kept_media.settle(placed, None)
                    return None
                continue
            self._kept_media.settle(placed, linked)
            return receipt
        raise Unable("not_stored", f"{judged.listed.path} could not be stored; start the import again")

    def _insert(self, judged: _JudgedFile, rule: ImportRule, receipt: str, placed: PlacedFile) -> str | None:
        """Insert the rows and return the name of the linked kept file."""
        row: Analysis = row_of(judged.record, receipt_hash(receipt))
        row.report_number = report_number(receipt)
        row.imported = ImportedFile(
            sha256=judged.sha256, source=judged.listed.source, rights=judged.listed.rights, rule=rule
        )
        with self._sessions.begin() as session:
            session.add(row)
            linked = self._kept_media.link(session, row, placed, IMPORTED_CONSENT)
            session.flush()
        return linked


def check_statement(text: str, name: str) -> None:
    """Raise UnimportableFile (missing_source, missing_rights, invalid_source, invalid_rights) if it is unfit.

    `name` is source or rights.
    """
    if not text:
        raise UnimportableFile(f"missing_{name}", f"The {name} of the file must be stated.")
    if len(text) > MAX_STATEMENT or not is_storable(text):
        message = f"The {name} must have at most {MAX_STATEMENT} characters, and no NUL."
        raise UnimportableFile(f"invalid_{name}", message)


def _store_full() -> Unable:
    return Unable("store_full", "the media store is full; raise LENS_STORE_GB and start the import again")
