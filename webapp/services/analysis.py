"""Analyse what a visitor gave, and keep the answer (never the picture)."""

from __future__ import annotations

import hashlib
import logging
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from laanet_core.config import DecisionConfig
from laanet_core.results import AnalysisResult, Kind, ModelInfo
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Face
from webapp.domain import new_key, new_receipt, now, receipt_hash
from webapp.services.jobs import Jobs, Progress
from webapp.services.turns import Turn, Turns

logger = logging.getLogger(__name__)


class Judge(Protocol):
    """What the service needs of a detector."""

    info: ModelInfo
    decision: DecisionConfig
    notice: str | None

    def analyse_file(
        self, path: str | Path, *, frames: int = ..., only: Kind | None = ..., progress: Progress | None = ...
    ) -> AnalysisResult: ...


@dataclass(frozen=True)
class Analysed:
    """An answer, the file's sha256, when it was given, and the receipt under which it was stored; none when it could not be stored."""

    result: AnalysisResult
    media_sha256: str
    created: datetime
    receipt: str | None

    def to_json(self) -> dict[str, Any]:
        """What `predict --json` prints, without the path, and the receipt."""
        return {**self.result.to_json(), "receipt": self.receipt}


class AnalysisService:
    """Judges files, at most `at_once` at a time whoever asks, and stores each answer before it is given."""

    def __init__(self, detector: Judge, sessions: Sessions, jobs: Jobs, *, frames: int, at_once: int = 1, max_waiting: int = 32) -> None:
        self.detector = detector
        self.jobs = jobs
        self.frames = frames
        self.turns = Turns(at_once=at_once, max_waiting=max_waiting)
        self._sessions = sessions

    def analyse(
        self,
        path: Path,
        *,
        job: str | None = None,
        only: Kind | None = None,
        progress: Progress | None = None,
        turn: Turn | None = None,
    ) -> Analysed:
        """Judge one file. Bad media is an answer too (`rejected`); raises Cancelled when the job was asked to stop.

        Waits for a turn, unless the caller holds one already.
        """
        with self.jobs.run(job or new_key(), progress) as tell:
            with self.turns.taken(lambda: tell(0.0, "waiting")) if turn is None else nullcontext():
                result = self.detector.analyse_file(path, frames=self.frames, only=only, progress=tell)
            tell(1.0, "storing")  # the last moment to stop
        media_sha256, created = _sha256(path), now()
        return Analysed(result, media_sha256, created, self._store(result, media_sha256, created))

    def _store(self, result: AnalysisResult, media_sha256: str, created: datetime) -> str | None:
        receipt = new_receipt()
        row = _analysis_row(result, self.detector.decision, media_sha256, created, receipt)
        try:
            with self._sessions.begin() as session:
                session.add(row)
        except SQLAlchemyError:
            logger.exception("an analysis could not be stored")
            return None
        return receipt


def _analysis_row(result: AnalysisResult, decision: DecisionConfig, media_sha256: str, created: datetime, receipt: str) -> Analysis:
    width, height = result.size or (None, None)
    return Analysis(
        receipt_hash=receipt_hash(receipt),
        created_at=created,
        media_sha256=media_sha256,
        kind=result.kind,
        outcome=result.outcome,
        verdict=result.verdict,
        fake_prob=result.fake_prob,
        error_code=result.error.code if result.error else None,
        error_message=result.error.message if result.error else None,
        width=width,
        height=height,
        seconds=result.seconds,
        model_name=result.model.name,
        model_version=result.model.version,
        model_sha256=result.model.sha256,
        temperature=decision.temperature,
        real_below=decision.real_below,
        fake_above=decision.fake_above,
        faces=[
            Face(
                number=number,
                x1=face.box[0],
                y1=face.box[1],
                x2=face.box[2],
                y2=face.box[3],
                detection_prob=face.detection_prob,
                fake_logit=face.fake_logit,
                fake_prob=face.fake_prob,
                verdict=face.verdict,
                time=face.time,
                track=face.track,
            )
            for number, face in enumerate(result.faces, start=1)
        ],
    )


def _sha256(path: Path) -> str:
    if not path.is_file():  # rejected as file_not_found
        return hashlib.sha256(b"").hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
