"""Rescoring of kept files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from laanet_core.inference.detector import Detector
from laanet_core.results import AnalysisResult
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions
from webapp.services.analysis.rescoring import RescoringService
from webapp.services.analysis.service import AnalysisService
from webapp.services.storage.kept_media import KeptMediaService


class LaterModel:
    """The same detector under another digest."""

    notice = None

    def __init__(self, detector: Detector) -> None:
        self.info = replace(detector.info, sha256="f" * 64)
        self.decision = detector.decision
        self._detector = detector

    def analyse_file(self, path: str | Path, **options: Any) -> AnalysisResult:
        return replace(self._detector.analyse_file(path, **options), model=self.info)


def test_kept_files_get_one_score_per_model(
    analysis: AnalysisService,
    detector: Detector,
    sessions: Sessions,
    keeping: KeptMediaService,
    samples: Path,
) -> None:
    kept = analysis.analyse(samples / "astronaut.png", consent=True)
    analysis.analyse(samples / "astronaut.png")
    rescoring = RescoringService(sessions, keeping, LaterModel(detector), frames=4)
    assert rescoring.run().scored == 1
    assert rescoring.run().scored == 0
    (later,) = receipt_service(sessions).result(kept.receipt or "").later_scores
    assert later.model.sha256 == "f" * 64
    assert later.verdict == kept.result.verdict
