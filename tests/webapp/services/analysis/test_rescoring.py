"""Rescoring of kept files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.results import AnalysisResult
from tests.core.faces.turning import turned
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


@pytest.mark.parametrize(("degrees", "scored"), [(30, 1), (180, 0)])
def test_a_tilted_face_gets_its_first_score_again_and_an_unjudged_one_gets_none(
    analysis: AnalysisService,
    detector: Detector,
    sessions: Sessions,
    keeping: KeptMediaService,
    samples: Path,
    tmp_path: Path,
    degrees: float,
    scored: int,
) -> None:
    path = tmp_path / "tilted.png"
    rgb = turned(read_image(samples / "official_portrait_2012.jpg"), degrees)
    cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    kept = analysis.analyse(path, consent=True)
    assert [face.is_judged for face in kept.result.faces] == [scored == 1]
    report = RescoringService(sessions, keeping, LaterModel(detector), frames=4).run()
    assert (report.scored, report.without_verdict) == (scored, 0)
    later_scores = receipt_service(sessions).result(kept.receipt or "").later_scores
    assert [later.fake_prob for later in later_scores] == [
        pytest.approx(kept.result.fake_prob, abs=1e-4)
    ] * scored
