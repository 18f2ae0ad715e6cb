"""Analysis of a visitor's file: queue, detector, and the stored result with its receipt."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from laanet_core.decision import DecisionConfig
from laanet_core.errors import Cancelled, UnreadableMedia
from laanet_core.inference.detector import OnPartialResult
from laanet_core.media.images import sniff_file
from laanet_core.media.interruption import interruptible
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult, Kind
from webapp.db.session import Sessions
from webapp.domain.clock import now
from webapp.media.fingerprint import Fingerprints
from webapp.security.tokens import new_key, new_receipt, receipt_hash
from webapp.services.analysis.analysed_media import AnalysedMedia
from webapp.services.analysis.detectors import DetectorProvider, FileDetector, provider_of
from webapp.services.analysis.documents import StoredAnalysisDocument
from webapp.services.analysis.jobs import Jobs, RunningJob
from webapp.services.analysis.progress import ReportProgress, VisitProgress
from webapp.services.analysis.queue import AnalysisQueue, Ticket
from webapp.services.analysis_records.rows import AnalysisRecord, row_of
from webapp.services.storage.kept_media import KeptMediaService, PlacedFile, StoreFull

logger = logging.getLogger(__name__)
# Attempts to store an analysis with a kept file. The same file may be stored or deleted at the same moment.
_ATTEMPTS = 5
_DEFAULT_WAITING = 32


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

    def document(self) -> StoredAnalysisDocument:
        """Return the JSON document."""
        return StoredAnalysisDocument.from_result(
            self.result, receipt=self.receipt, kept=self.is_kept, not_kept=self.not_kept
        )


@dataclass(frozen=True)
class Client:
    """Page or program that waits for a result.

    `is_present` returns False once it has left. `on_interim_result` receives the results over the frames of
    a clip that are judged so far.
    """

    is_present: Callable[[], bool] = lambda: True
    on_interim_result: OnPartialResult | None = None


_PATIENT_CLIENT = Client()


@dataclass
class _Observer:
    """Receives frames and interim results from the detector, and keeps what is needed of them."""

    fingerprints: Fingerprints
    media: AnalysedMedia | None
    forward: OnPartialResult | None

    @property
    def wants_interim_results(self) -> bool:
        return self.media is not None or self.forward is not None

    def on_frame(self, frame: Frame) -> None:
        self.fingerprints(frame.rgb)
        if self.media is not None:
            self.media.add(frame)

    def on_interim_result(self, result: AnalysisResult) -> None:
        if self.media is not None:
            self.media.prune(result)
        if self.forward is not None:
            self.forward(result)


class AnalysisService:
    """Analyses files within the limits of a queue and stores each result before it is returned.

    Without `kept_media` no file is ever kept. `on_analysed` are called with every result. `on_kept` is
    called with the receipt's hash of every result that was stored with its file.
    """

    def __init__(
        self,
        detector: FileDetector | DetectorProvider,
        sessions: Sessions,
        jobs: Jobs,
        *,
        frames: int,
        queue: AnalysisQueue | None = None,
        kept_media: KeptMediaService | None = None,
        on_analysed: Sequence[Callable[[AnalysisResult], object]] = (),
        on_kept: Callable[[str], object] | None = None,
    ) -> None:
        """`frames`: frames that are judged of a clip."""
        self.jobs = jobs
        self.frames = frames
        self.queue = queue or AnalysisQueue(at_once=1, max_waiting=_DEFAULT_WAITING)
        self._detectors = provider_of(detector)
        self._sessions = sessions
        self._kept_media = kept_media
        self._on_analysed = on_analysed
        self._on_kept = on_kept

    def analyse(
        self,
        path: Path,
        *,
        consent: bool = False,
        job: str | None = None,
        only: Kind | None = None,
        progress: ReportProgress | None = None,
        ticket: Ticket | None = None,
        media: AnalysedMedia | None = None,
        client: Client = _PATIENT_CLIENT,
    ) -> StoredAnalysis:
        """Analyse a file and store its result.

        Unreadable media gives a result too (`rejected`). `consent`: the visitor lets the file be kept.
        `only` rejects the other kind of file. `media` receives the decoded pixels; the caller releases it
        in any case. Without an admitted `ticket` this waits in the queue; the ticket is returned once the
        file is judged. Nothing is stored for a client that has left, or of a job that was stopped.

        Raises Cancelled and Restarting.
        """

        def check(running: RunningJob) -> None:
            running.check()
            if not client.is_present():
                raise Cancelled("The client has left.")

        observer = _Observer(Fingerprints(), media, client.on_interim_result)
        with self.jobs.run(job or new_key(), progress) as running:
            check(running)
            with self._admitted(ticket, path, running) as turn:
                # One detector judges the whole file, even if another one is promoted meanwhile.
                detector = self._detectors.current
                result = self._judge(
                    detector,
                    path,
                    only=only,
                    running=running,
                    observer=observer,
                    between_batches=self._between_batches(turn, lambda: check(running)),
                )
                for notify in self._on_analysed:
                    notify(result)
                running.report(VisitProgress(1.0, "storing"))
                placed = self._place(path, result) if consent else None
            fingerprints = observer.fingerprints.chosen()
            record = AnalysisRecord(result, detector.decision, _sha256(path), fingerprints, now())
            stored = self._store(record, placed, lambda: check(running))
        if media is not None:
            media.finish(result, stored.receipt)
        return stored

    @property
    def detector(self) -> FileDetector:
        """The current detector."""
        return self._detectors.current

    def join_queue(self, path: Path) -> Ticket:
        """Return a place in the queue for a file. Raises Busy if the queue is full."""
        return self.queue.join(is_clip=_is_clip(path))

    def decision_of(self, result: AnalysisResult) -> DecisionConfig:
        """Return the thresholds of the model that produced a result."""
        return self._detectors.producer_of(result.model).decision

    def _judge(
        self,
        detector: FileDetector,
        path: Path,
        *,
        only: Kind | None,
        running: RunningJob,
        observer: _Observer,
        between_batches: Callable[[], None],
    ) -> AnalysisResult:
        with interruptible(between_batches):
            return detector.analyse_file(
                path,
                frames=self.frames,
                only=only,
                progress=lambda report: running.report(VisitProgress(report.fraction, report.phase)),
                on_frame=observer.on_frame,
                on_partial_result=observer.on_interim_result if observer.wants_interim_results else None,
            )

    def _between_batches(self, turn: Ticket, check: Callable[[], None]) -> Callable[[], None]:
        """Return a function that raises if this thread's analysis must end.

        In this thread it also lets a waiting photo go before a photo that takes long. The other threads are
        shared with that photo, so they must not wait.
        """
        own_thread = threading.get_ident()

        def between_batches() -> None:
            check()
            if not turn.is_clip and threading.get_ident() == own_thread:
                self.queue.yield_turn(turn, check)

        return between_batches

    @contextmanager
    def _admitted(self, ticket: Ticket | None, path: Path, running: RunningJob) -> Iterator[Ticket]:
        """Run the block within the queue's limits."""
        if ticket is not None:
            try:
                yield ticket
            finally:
                self.queue.leave(ticket)
            return

        def report_waiting(ahead: int) -> None:
            running.report(VisitProgress(0.0, "waiting", ahead))

        with self.queue.place(report_waiting, is_clip=_is_clip(path)) as place:
            yield place

    def _place(self, path: Path, result: AnalysisResult) -> PlacedFile:
        if self._kept_media is None:
            return PlacedFile(code="not_kept")
        return self._kept_media.place(path, result)

    def _store(
        self, record: AnalysisRecord, placed: PlacedFile | None, check: Callable[[], None]
    ) -> StoredAnalysis:
        """Store a result in one transaction. `check` runs right before the commit and may raise Cancelled."""
        receipt = new_receipt()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
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

    def _insert(
        self, record: AnalysisRecord, receipt: str, placed: PlacedFile | None, check: Callable[[], None]
    ) -> str | None:
        """Insert the rows and return the name of the linked kept file, if any."""
        row = row_of(record, receipt_hash(receipt))
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


def _is_clip(path: Path) -> bool:
    try:
        return sniff_file(path) == "video"
    except UnreadableMedia:
        # The detector rejects the file at once, so it waits like a photo.
        return False


def _sha256(path: Path) -> str:
    """Return the digest of a file; that of no bytes if the file does not exist and was rejected."""
    if not path.is_file():
        return hashlib.sha256(b"").hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
