"""Evidence of stored results, made again from kept files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from laanet_core.inference.detector import Detector
from laanet_core.inference.stability import stabilities
from laanet_core.media.images import read_image
from laanet_core.media.reader import IN_PROCESS
from laanet_core.results import AnalysisResult
from tests.core.clips import write_clip
from webapp.db.session import Sessions
from webapp.domain.errors import Refused
from webapp.media.store import MediaStore
from webapp.services.analysis.analysis_store import AnalysisStore, StoredAnalysis
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.queue import AnalysisQueue
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.evidence import EvidenceService
from webapp.services.results.exports import ExportService
from webapp.services.results.receipts import ReceiptService
from webapp.services.results.stored_evidence import StoredEvidenceService
from webapp.services.storage.kept_media import KeptMediaService


@pytest.fixture
def keeper(detector: Detector, sessions: Sessions, keeping: KeptMediaService) -> AnalysisService:
    store = AnalysisStore(sessions, kept_media=keeping)
    queue = AnalysisQueue(at_once=1, max_waiting=4)
    return AnalysisService(detector, store, Jobs(), frames=4, queue=queue)


@pytest.fixture
def service(
    detector: Detector,
    sessions: Sessions,
    receipts: ReceiptService,
    keeping: KeptMediaService,
    tmp_path: Path,
) -> StoredEvidenceService:
    exports = ExportService(sessions, receipts, keeping)
    evidence = EvidenceService(detector, IN_PROCESS, folder=tmp_path)
    return StoredEvidenceService(receipts, exports, evidence, detector, folder=tmp_path / "visits")


def heatmaps(result: AnalysisResult) -> list[np.ndarray | None]:
    return [None if face.heatmap is None else face.heatmap.values for face in result.faces]


def code_of(service: StoredEvidenceService, receipt: str) -> str:
    with pytest.raises(Refused) as refused, service.open(receipt):
        pass
    return refused.value.code


def receipt_of(analysed: StoredAnalysis) -> str:
    assert analysed.receipt is not None
    return analysed.receipt


def test_a_kept_photo_has_the_same_evidence_as_at_first(
    keeper: AnalysisService, service: StoredEvidenceService, detector: Detector, samples: Path, tmp_path: Path
) -> None:
    path = samples / "two_people.jpg"
    analysed = keeper.analyse(path, consent=True)
    with service.open(receipt_of(analysed)) as evidence:
        for again, first in zip(evidence.result.faces, analysed.result.faces, strict=True):
            assert again.fake_prob == first.fake_prob
            assert again.heatmap is not None
            assert first.heatmap is not None
            assert again.heatmap.box == pytest.approx(first.heatmap.box, abs=0.01)
            np.testing.assert_allclose(again.heatmap.values, first.heatmap.values, atol=1e-3)
        assert evidence.stabilities == stabilities(detector, read_image(path), analysed.result.faces)
        assert len(evidence.media.photo(evidence.result).faces) == 2
        assert evidence.analysis("r").media_sha256 == analysed.media_sha256
        assert list((tmp_path / "visits").iterdir())
    assert not list((tmp_path / "visits").iterdir())


def test_a_kept_clip_has_its_moments(
    keeper: AnalysisService, service: StoredEvidenceService, samples: Path, tmp_path: Path
) -> None:
    rgb = np.ascontiguousarray(read_image(samples / "astronaut.png")[:256, 100:356])
    path = write_clip(tmp_path / "clip.mp4", [np.roll(rgb, 2 * shift, axis=0) for shift in range(8)])
    analysed = keeper.analyse(path, consent=True)
    with service.open(receipt_of(analysed)) as evidence:
        moments = evidence.media.moments(evidence.result)
        assert moments
        assert all(face.heatmap is not None for moment in moments for face in moment.faces)
        assert evidence.stabilities


def test_another_model_makes_neither_heatmap_nor_check(
    keeper: AnalysisService, service: StoredEvidenceService, detector: Detector, samples: Path
) -> None:
    receipt = receipt_of(keeper.analyse(samples / "astronaut.png", consent=True))
    own = detector.info
    detector.info = dataclasses.replace(own, sha256="0" * 64)
    try:
        with service.open(receipt) as evidence:
            assert heatmaps(evidence.result) == [None]
            assert evidence.stabilities is None
            assert evidence.shown_result() is evidence.result
    finally:
        detector.info = own


def test_files_that_are_not_kept_are_refused(
    keeper: AnalysisService,
    service: StoredEvidenceService,
    receipts: ReceiptService,
    store: MediaStore,
    samples: Path,
    tmp_path: Path,
) -> None:
    unkept = receipt_of(keeper.analyse(samples / "astronaut.png"))
    assert code_of(service, unkept) == "not_kept"
    assert code_of(service, "unknown") == "unknown_receipt"
    kept = receipt_of(keeper.analyse(samples / "astronaut.png", consent=True))
    for name in store.listed():
        store.remove(name)
    assert code_of(service, kept) == "unavailable"
    receipts.delete(kept)
    assert code_of(service, kept) == "unknown_receipt"
