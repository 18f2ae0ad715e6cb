"""Earlier results whose visitors let the file be kept, judged again by the model that answers now; receipts show both."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from laanet_core.results import AnalysisResult
from webapp.db import analysis_queries
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Consent, Rescore
from webapp.domain.clock import now
from webapp.media.store import StoreFailed
from webapp.services.analysis.service import Judge
from webapp.services.model_registry.serving import pin_detector
from webapp.services.storage.kept_media import KeptFile, KeptMediaService

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rescored:
    """How many results were judged again, how many gave no verdict any more, and how many files could not be read."""

    scored: int
    without: int
    unreadable: int

    def to_json(self) -> dict[str, Any]:
        return {"scored": self.scored, "without_verdict": self.without, "unreadable": self.unreadable}


class RescoringService:
    def __init__(
        self, sessions: Sessions, keeping: KeptMediaService, detector: Judge, *, frames: int
    ) -> None:
        self._sessions = sessions
        self._keeping = keeping
        self._detector = detector
        self._frames = frames

    def run(self, limit: int | None = None) -> Rescored:
        """Judge at most `limit` results that this model has not judged, the newest first."""
        judge: Judge = pin_detector(self._detector)
        with self._sessions() as session:
            waiting = analysis_queries.consents_to_rescore(session, judge.info.sha256, limit)
        counts = {"scored": 0, "without": 0, "unreadable": 0}
        for analysis_id, consent in waiting:
            try:
                result = self._judge(judge, consent)
            except (StoreFailed, FileNotFoundError):
                logger.exception("a kept file could not be judged again")
                counts["unreadable"] += 1
                continue
            if result.verdict is None or result.fake_prob is None:
                counts["unreadable" if result.outcome == "rejected" else "without"] += 1
            else:
                counts["scored"] += self._store(analysis_id, result)
        return Rescored(**counts)

    def _judge(self, judge: Judge, consent: Consent) -> AnalysisResult:
        file = KeptFile.of(consent)
        assert file is not None
        with self._keeping.open(file) as path:
            return judge.analyse_file(path, frames=self._frames)

    def _store(self, analysis_id: int, result: AnalysisResult) -> bool:
        """False where the analysis was deleted meanwhile, or another process was faster."""
        try:
            with self._sessions.begin() as session:
                if session.get(Analysis, analysis_id) is None:
                    return False
                model, moment = result.model, now()
                session.add(
                    Rescore(
                        analysis_id=analysis_id,
                        created_at=moment,
                        model_name=model.name,
                        model_version=model.version,
                        model_sha256=model.sha256,
                        fake_prob=result.fake_prob,
                        verdict=result.verdict,
                    )
                )
        except IntegrityError:
            return False
        return True
