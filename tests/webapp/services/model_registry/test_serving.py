"""Replacement of the served detector while threads use it."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import pytest
from sqlalchemy import select

from laanet_core.inference.detector import Detector
from tests.model_versions import add_accounts, register_candidate, write_weights
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Rescore
from webapp.services.analysis.analysis_store import AnalysisStore, StoredAnalysis
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.queue import AnalysisQueue
from webapp.services.analysis.rescoring import RescoringService
from webapp.services.analysis.service import AnalysisService
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.serving import ChampionFollower, CurrentDetector
from webapp.services.model_registry.versions import VersionService
from webapp.services.storage.kept_media import KeptMediaService


def load(folder: Path) -> Detector:
    return Detector.from_weights(folder, "cpu", runtime="eager")


@pytest.fixture
def versions(sessions: Sessions, audit: AuditService, tmp_path: Path) -> VersionService:
    add_accounts(sessions)
    return VersionService(sessions, audit, tmp_path / "models", str(write_weights(tmp_path, "old", 2)))


@pytest.fixture
def face(tmp_path: Path, samples: Path) -> Path:
    """A small picture, in which the face is found quickly."""
    path = tmp_path / "face.png"
    cv2.imwrite(str(path), cv2.imread(str(samples / "astronaut.png"))[:240, 100:340])
    return path


def test_each_result_is_of_one_version_while_versions_change(
    sessions: Sessions, keeping: KeptMediaService, versions: VersionService, tmp_path: Path, face: Path
) -> None:
    current = CurrentDetector(load(tmp_path / "old"))
    follower = ChampionFollower(current, versions.champion, load)
    assert not follower.follow()
    candidate = register_candidate(versions, tmp_path, "new", 3)
    assert not follower.follow()
    service = AnalysisService(
        current,
        AnalysisStore(sessions, kept_media=keeping),
        Jobs(),
        frames=2,
        queue=AnalysisQueue(at_once=4, max_waiting=32),
    )
    results: list[StoredAnalysis] = []

    def analyse() -> None:
        results.extend(service.analyse(face, consent=len(results) == 0) for _ in range(4))

    threads = [threading.Thread(target=analyse) for _ in range(3)]
    for thread in threads:
        thread.start()
    versions.promote("new", "ada")
    assert follower.follow()
    assert not follower.follow()
    for thread in threads:
        thread.join()
    results.append(service.analyse(face))
    assert len(results) == 13
    with sessions() as session:
        rows = session.scalars(select(Analysis)).all()
        assert {(row.model_version, row.temperature) for row in rows} <= {("old", 2.0), ("new", 3.0)}
        assert all(row.receipt_hash for row in rows)
    assert results[-1].result.model.sha256 == candidate.sha256 == current.info.sha256
    assert {analysed.result.model.version for analysed in results} == {"old", "new"}
    old = next(analysed.result for analysed in results if analysed.result.model.version == "old")
    assert service.decision_of(old).temperature == 2.0
    versions.rollback("ada")
    assert follower.follow()
    assert current.info.version == "old"


def test_a_champion_that_cannot_be_loaded_leaves_the_current_detector(
    versions: VersionService, tmp_path: Path
) -> None:
    current = CurrentDetector(load(tmp_path / "old"))
    follower = ChampionFollower(current, versions.champion, load)
    candidate = register_candidate(versions, tmp_path, "new", 3)
    versions.promote("new", "ada")
    (candidate.folder / "model.safetensors").write_bytes(b"broken")
    assert not follower.follow()
    assert current.info.version == "old"
    versions.rollback("ada")
    assert current.info.version == "old"


def test_stored_files_are_scored_by_a_new_version_and_receipts_show_both(
    sessions: Sessions, keeping: KeptMediaService, tmp_path: Path, face: Path
) -> None:
    old, new = load(write_weights(tmp_path, "old", 2)), load(write_weights(tmp_path, "new", 3))
    service = AnalysisService(old, AnalysisStore(sessions, kept_media=keeping), Jobs(), frames=2)
    stored = service.analyse(face, consent=True)
    service.analyse(face)
    assert RescoringService(sessions, keeping, old, frames=2).run().scored == 0
    rescoring = RescoringService(sessions, keeping, new, frames=2)
    assert (rescoring.run().scored, rescoring.run().scored) == (1, 0)
    assert stored.receipt is not None
    record = receipt_service(sessions, keeping=keeping).result(stored.receipt).to_json()
    assert record["model"]["version"] == "old"
    assert [later["model"]["version"] for later in record["later_scores"]] == ["new"]
    with sessions() as session:
        row = session.scalars(select(Rescore)).one()
        assert row.fake_prob == new.analyse_file(face).fake_prob
