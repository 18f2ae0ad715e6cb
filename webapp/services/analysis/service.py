"""Analysis of a visitor's file: queue, detector, and the stored result with its receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from laanet_core.decision import DecisionConfig
from laanet_core.errors import Cancelled, UnreadableMedia
from laanet_core.inference.clip_analysis import OnPartialResult
from laanet_core.media.images import sniff_file
from laanet_core.media.interruption import interruptible
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult, Kind
from webapp.domain.clock import now
from webapp.media.fingerprint import Fingerprints
from webapp.security.tokens import new_key
from webapp.services.analysis.analysed_media import AnalysedMedia
from webapp.services.analysis.analysis_store import AnalysisStore, StoredAnalysis
from webapp.services.analysis.detectors import DetectorProvider, FileDetector, provider_of
from webapp.services.analysis.jobs import Jobs, RunningJob
from webapp.services.analysis.progress import ReportProgress, VisitProgress
from webapp.services.analysis.queue import AnalysisQueue, Ticket
from webapp.services.analysis_records.rows import AnalysisRecord

_DEFAULT_WAITING = 32


@dataclass(frozen=True)
class Client:
    """Page or program that waits for a result.

    `is_present` returns False once it has left. `on_interim_result` receives the results over the frames of
    a clip that are judged so far. `receipt` is the client's own choice of 256 random bits, so that it knows
    the receipt even if the answer is lost. A result of the same file that is stored under it is returned
    and not stored again. If another file's result is, the server makes a receipt instead.
    """

    is_present: Callable[[], bool] = lambda: True
    on_interim_result: OnPartialResult | None = None
    receipt: str | None = None


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

    `frames` are judged of a clip. `on_analysed` are called with every result.
    """

    def __init__(
        self,
        detector: FileDetector | DetectorProvider,
        store: AnalysisStore,
        jobs: Jobs,
        *,
        frames: int,
        queue: AnalysisQueue | None = None,
        on_analysed: Sequence[Callable[[AnalysisResult], object]] = (),
    ) -> None:
        self.jobs = jobs
        self.frames = frames
        self.queue = queue or AnalysisQueue(at_once=1, max_waiting=_DEFAULT_WAITING)
        self._detectors = provider_of(detector)
        self._store = store
        self._on_analysed = on_analysed

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
                    turn=turn,
                    check=lambda: check(running),
                )
                for notify in self._on_analysed:
                    notify(result)
                running.report(VisitProgress(1.0, "storing"))
                with interruptible(lambda: check(running)):
                    placed = self._store.place(path, result) if consent else None
            fingerprints = observer.fingerprints.chosen()
            record = AnalysisRecord(result, detector.decision, _sha256(path), fingerprints, now())
            stored = self._store.store(record, placed, lambda: check(running), client.receipt)
        if media is not None:
            media.finish(result, stored.receipt)
        return stored

    @property
    def detector(self) -> FileDetector:
        """The current detector."""
        return self._detectors.current

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
        turn: Ticket,
        check: Callable[[], None],
    ) -> AnalysisResult:
        """Judge a file. Between batches the work ends if `check` raises, and lets waiting photos go first."""
        with interruptible(check, pause=lambda: self.queue.yield_turn(turn, check)):
            return detector.analyse_file(
                path,
                frames=self.frames,
                only=only,
                progress=lambda report: running.report(VisitProgress(report.fraction, report.phase)),
                on_frame=observer.on_frame,
                on_partial_result=observer.on_interim_result if observer.wants_interim_results else None,
            )

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

        with self.queue.place(report_waiting, is_clip=is_clip(path)) as place:
            yield place


def is_clip(path: Path) -> bool:
    """Return whether a file waits in the queue like a clip. The file may have many parts to read."""
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
