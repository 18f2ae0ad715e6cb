"""Rescoring: kept files of earlier results are judged by the current model; receipts show both scores."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from laanet_core.results import AnalysisResult
from webapp.db import analysis_queries
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Consent, Rescore
from webapp.domain.clock import now
from webapp.media.store import StoreFailed
from webapp.services.analysis.detectors import DetectorProvider, FileDetector, provider_of
from webapp.services.storage.kept_media import KeptFile, KeptMediaService

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RescoringReport:
    """Numbers of results that got a new score, gave no verdict any more, or whose files could not be read."""

    scored: int
    without_verdict: int
    unreadable: int


class RescoringService:
    """Judges kept files with the current model. `frames`: frames that are judged of a clip."""

    def __init__(
        self,
        sessions: Sessions,
        kept_media: KeptMediaService,
        detector: FileDetector | DetectorProvider,
        *,
        frames: int,
    ) -> None:
        self._sessions = sessions
        self._kept_media = kept_media
        self._detectors = provider_of(detector)
        self._frames = frames

    def run(self, limit: int | None = None) -> RescoringReport:
        """Judge at most `limit` results that this model has not judged, the newest first."""
        detector = self._detectors.current
        with self._sessions() as session:
            waiting = analysis_queries.consents_to_rescore(session, detector.info.sha256, limit)
        counts = {"scored": 0, "without_verdict": 0, "unreadable": 0}
        for analysis_id, consent in waiting:
            try:
                result = self._judge(detector, consent)
            except (StoreFailed, FileNotFoundError):
                logger.exception("a kept file could not be judged again")
                counts["unreadable"] += 1
                continue
            if result.outcome == "rejected":
                counts["unreadable"] += 1
            elif result.verdict is None or result.fake_prob is None:
                counts["without_verdict"] += 1
            else:
                counts["scored"] += self._store(analysis_id, result)
        return RescoringReport(**counts)

    def _judge(self, detector: FileDetector, consent: Consent) -> AnalysisResult:
        file = KeptFile.of(consent)
        assert file is not None
        with self._kept_media.open(file) as path:
            return detector.analyse_file(path, frames=self._frames)

    def _store(self, analysis_id: int, result: AnalysisResult) -> bool:
        """Store a new score. Return False if the analysis was deleted, or another process has stored one."""
        row = Rescore(
            analysis_id=analysis_id,
            created_at=now(),
            model_name=result.model.name,
            model_version=result.model.version,
            model_sha256=result.model.sha256,
            fake_prob=result.fake_prob,
            verdict=result.verdict,
        )
        try:
            with self._sessions.begin() as session:
                if session.get(Analysis, analysis_id) is None:
                    return False
                session.add(row)
        except IntegrityError:
            return False
        return True
