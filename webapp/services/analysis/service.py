"""Analyse what a visitor gave, and keep the answer; the file only where the visitor agreed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from laanet_core.decision import DecisionConfig
from laanet_core.documents import AnalysisDocument
from laanet_core.errors import UnreadableMedia
from laanet_core.inference.detector import Early
from laanet_core.media.images import sniff_file
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult, Kind, ModelInfo
from webapp.db.session import Sessions
from webapp.domain.clock import now
from webapp.media.fingerprint import Fingerprints
from webapp.security.tokens import new_key, new_receipt, receipt_hash
from webapp.services.analysis.analysed_media import AnalysedMedia
from webapp.services.analysis.jobs import Jobs, Progress
from webapp.services.analysis.queue import Turn, Turns
from webapp.services.analysis_records.rows import AnalysisRecord, row_of
from webapp.services.model_registry.serving import pin_detector, producer_of
from webapp.services.storage.kept_media import KeptMediaService, PlacedFile, StoreFull

logger = logging.getLogger(__name__)
_TRIES = 5  # to store an analysis that holds a file: its twin may come or go at the same moment


class Judge(Protocol):
    """What the service needs of a detector."""

    @property
    def info(self) -> ModelInfo: ...
    @property
    def decision(self) -> DecisionConfig: ...
    @property
    def notice(self) -> str | None: ...

    def analyse_file(
        self,
        path: str | Path,
        *,
        frames: int = ...,
        only: Kind | None = ...,
        progress: Progress | None = ...,
        seen: Callable[[Frame], None] | None = ...,
        early: Early | None = ...,
    ) -> AnalysisResult: ...


@dataclass(frozen=True)
class Analysed:
    """An answer, the file's sha256, when it was given, and the receipt under which it was stored; none when it could not be stored.

    `kept`: the file is kept under the receipt. `not_kept` says why it is not although the visitor agreed: store_full, not_kept.
    """

    result: AnalysisResult
    media_sha256: str
    created: datetime
    receipt: str | None
    kept: bool = False
    not_kept: str | None = None

    def to_json(self) -> dict[str, Any]:
        """What `predict --json` prints, without the path; the receipt; what became of the file."""
        return {
            **AnalysisDocument.from_result(self.result).to_json(),
            "receipt": self.receipt,
            "kept": self.kept,
            "not_kept": self.not_kept,
        }


class AnalysisService:
    """Judges files, at most `at_once` at a time whoever asks, and stores each answer before it is given.

    Without `keeping` no file is ever kept. `stored` is told of every answer that was stored with its file, by its receipt's hash.
    """

    def __init__(
        self,
        detector: Judge,
        sessions: Sessions,
        jobs: Jobs,
        *,
        frames: int,
        at_once: int = 1,
        max_waiting: int = 32,
        keeping: KeptMediaService | None = None,
        stored: Callable[[str], object] | None = None,
    ) -> None:
        self.detector = detector
        self.jobs = jobs
        self.frames = frames
        self.turns = Turns(at_once=at_once, max_waiting=max_waiting)
        self._sessions = sessions
        self._keeping = keeping
        self.told: Callable[[AnalysisResult], None] | None = None  # whoever counts what was judged
        self._stored = stored

    def analyse(
        self,
        path: Path,
        *,
        consent: bool = False,
        job: str | None = None,
        only: Kind | None = None,
        progress: Progress | None = None,
        early: Early | None = None,
        turn: Turn | None = None,
        media: AnalysedMedia | None = None,
    ) -> Analysed:
        """Judge one file. Bad media is an answer too (`rejected`); raises Cancelled when the job was asked to stop.

        `consent`: the visitor agreed that the file is kept. `early` is told what is known of a clip while it is judged. Waits for a turn,
        unless the caller holds one already; either is given back once the file is judged, and the answer stored after that.
        `media` receives the decoded pixels; the caller releases it, whatever happens.
        """
        fingerprints = Fingerprints()

        def decoded(frame: Frame) -> None:
            fingerprints(frame.rgb)
            if media is not None:
                media.add(frame)

        def judged_so_far(result: AnalysisResult) -> None:
            if media is not None:
                media.prune(result)
            if early is not None:
                early(result)

        with self.jobs.run(job or new_key(), progress) as tell:
            with self._in_turn(turn, path, tell):
                judge: Judge = pin_detector(
                    self.detector
                )  # one and the same for the whole answer, whatever is promoted meanwhile
                result = judge.analyse_file(
                    path,
                    frames=self.frames,
                    only=only,
                    progress=tell,
                    seen=decoded,
                    early=judged_so_far if media is not None else early,
                )
                if self.told is not None:
                    self.told(result)
                tell(1.0, "storing")  # the last moment to stop
                placed = self._placed(path, result) if consent else None
            answer = AnalysisRecord(result, judge.decision, _sha256(path), fingerprints.chosen(), now())
            analysed = self._store(answer, placed)
        if media is not None:
            media.finish(result, analysed.receipt)
        return analysed

    @contextmanager
    def _in_turn(self, turn: Turn | None, path: Path, tell: Progress) -> Iterator[None]:
        if turn is None:
            with self.turns.taken(lambda before: tell(0.0, f"waiting {before}"), clip=_is_clip(path)):
                yield
            return
        try:
            yield
        finally:
            self.turns.give_back(turn)

    def stand_in_line(self, path: Path) -> Turn:
        """For a turn with that file; raises Busy where too many wait."""
        return self.turns.ask(clip=_is_clip(path))

    def decision_of(self, result: AnalysisResult) -> DecisionConfig:
        """The thresholds of the model that gave an answer."""
        detector: Any = self.detector
        decision: DecisionConfig = producer_of(detector, result.model).decision
        return decision

    def _placed(self, path: Path, result: AnalysisResult) -> PlacedFile:
        return PlacedFile(code="not_kept") if self._keeping is None else self._keeping.place(path, result)

    def _store(self, answer: AnalysisRecord, placed: PlacedFile | None) -> Analysed:
        """A file that was placed in vain, since the database failed, has no row: the sweep removes it."""
        given = (answer.result, answer.media_sha256, answer.created)
        receipt = new_receipt()
        for last in (False,) * (_TRIES - 1) + (True,):
            row, held = row_of(answer, receipt_hash(receipt)), None
            try:
                with self._sessions.begin() as session:
                    session.add(row)
                    if placed is not None and self._keeping is not None:
                        held = self._keeping.link(session, row, placed)
            except StoreFull:
                placed = PlacedFile(placed.name if placed else "", code="store_full")
                continue
            except SQLAlchemyError as error:
                if (
                    isinstance(error, IntegrityError) and placed is not None and not last
                ):  # the twin came or went just now
                    continue
                logger.exception("an analysis could not be stored")
                break
            if placed is not None and self._keeping is not None:
                self._keeping.settle(placed, held)
            if held is not None and self._stored is not None:
                self._stored(receipt_hash(receipt))
            return Analysed(*given, receipt, held is not None, None if placed is None else placed.code)
        return Analysed(*given, None)


def _is_clip(path: Path) -> bool:
    try:
        return sniff_file(path) == "video"
    except UnreadableMedia:  # whose turn is short
        return False


def _sha256(path: Path) -> str:
    if not path.is_file():  # rejected as file_not_found
        return hashlib.sha256(b"").hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
