"""Evidence for a result."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from laanet_core.inference.detector import Detector
from laanet_core.inference.stability import stabilities
from laanet_core.media.reader import IN_PROCESS
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.evidence import CROP_SIDE, EvidenceService


def test_the_evidence_is_that_of_the_decoded_picture(
    analysis: AnalysisService, detector: Detector, samples: Path, tmp_path: Path
) -> None:
    path = samples / "two_people.jpg"
    evidence = EvidenceService(detector, IN_PROCESS, folder=tmp_path)
    media = evidence.open_media(path)
    stored = analysis.analyse(path, media=media)
    rgb = IN_PROCESS.image(path)
    assert np.array_equal(media.picture(), rgb)
    checks = evidence.start_stability_check(media, stored.result).result()
    assert checks == stabilities(detector, rgb, stored.result.faces)
    (crop, values), _ = evidence.consistency(media, stored.result)  # type: ignore[misc]
    assert crop.shape == (CROP_SIDE, CROP_SIDE, 3)
    assert values.shape == stored.result.faces[0].heatmap.values.shape  # type: ignore[union-attr]
    assert 0 < values.max() <= 1
    assert evidence.reliabilities(stored.result) == [None, None]
    assert evidence.result_after_check(stored.result, None) is stored.result
