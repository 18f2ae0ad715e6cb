"""The model changes under those who ask it, and nobody notices but by the version in the answer."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import pytest
import torch
from sqlalchemy import select

from laanet_core.decision import DecisionConfig
from laanet_core.inference.detector import Detector
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from tests.core.conftest import TINY
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions
from webapp.db.tables import Account, Analysis, Rescore
from webapp.domain.clock import now
from webapp.domain.enums import ModelState, Role
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.rescoring import RescoringService
from webapp.services.analysis.service import AnalysisService
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.serving import CurrentDetector, Follower
from webapp.services.model_registry.versions import Standing, VersionService
from webapp.services.storage.kept_media import KeptMediaService


def weights(folder: Path, version: str, seed: int) -> Path:
    torch.manual_seed(seed)
    decision = DecisionConfig(temperature=float(seed), real_below=0.1, fake_above=0.9)
    save_weights(LAANet(TINY), folder / version, version=version, decision=decision)
    return folder / version


def load(folder: Path) -> Detector:
    return Detector.from_weights(folder, "cpu", runtime="eager")


def challenger(versions: VersionService, folder: Path, version: str, seed: int) -> Standing:
    """A candidate whose report says that it passed."""
    base = versions.base()
    made = versions.register(
        weights(folder, version, seed), version, state=ModelState.CANDIDATE, parent_sha256=base.sha256
    )
    was = {"sha256": base.sha256, "version": base.version}
    versions.note(
        version,
        {
            "passed": True,
            "snapshot": "s" * 32,
            "checks": [],
            "champion": was,
            "candidate": {"sha256": made.sha256},
        },
    )
    return made


@pytest.fixture
def face(tmp_path: Path, samples: Path) -> Path:
    """Small, so that it is found fast."""
    path = tmp_path / "face.png"
    cv2.imwrite(str(path), cv2.imread(str(samples / "astronaut.png"))[:240, 100:340])
    return path


def with_admin(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.add(Account(name="ada", role=Role.ADMIN, created_at=now()))


def test_each_answer_is_of_one_version_while_they_change(
    sessions: Sessions, audit: AuditService, keeping: KeptMediaService, tmp_path: Path, face: Path
) -> None:
    with_admin(sessions)
    versions = VersionService(sessions, audit, tmp_path / "models", str(weights(tmp_path, "old", 2)))
    current = CurrentDetector(load(tmp_path / "old"))
    follower = Follower(current, versions.champion, load)
    assert not follower.follow()  # nobody was ever promoted
    made = challenger(versions, tmp_path, "new", 3)
    assert not follower.follow()
    service = AnalysisService(current, sessions, Jobs(), frames=2, at_once=4, keeping=keeping)
    given = []

    def ask() -> None:
        given.extend(service.analyse(face, consent=len(given) == 0) for _ in range(4))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    versions.promote("new", "ada")
    assert follower.follow()
    assert not follower.follow()
    for thread in threads:
        thread.join()
    given.append(service.analyse(face))
    assert len(given) == 13
    with sessions() as session:
        rows = session.scalars(select(Analysis)).all()
        assert {(row.model_version, row.temperature) for row in rows} <= {("old", 2.0), ("new", 3.0)}
        assert all(row.receipt_hash for row in rows)
    assert given[-1].result.model.sha256 == made.sha256 == current.info.sha256
    assert {result.result.model.version for result in given} == {"old", "new"}
    old = next(result.result for result in given if result.result.model.version == "old")
    assert service.decision_of(old).temperature == 2.0
    versions.rollback("ada")
    assert follower.follow()
    assert current.info.version == "old"


def test_a_champion_that_cannot_be_loaded_leaves_the_present_one(
    sessions: Sessions, audit: AuditService, tmp_path: Path
) -> None:
    with_admin(sessions)
    versions = VersionService(sessions, audit, tmp_path / "models", str(weights(tmp_path, "old", 2)))
    current = CurrentDetector(load(tmp_path / "old"))
    follower = Follower(current, versions.champion, load)
    made = challenger(versions, tmp_path, "new", 3)
    versions.promote("new", "ada")
    (made.folder / "model.safetensors").write_bytes(b"broken")
    assert not follower.follow()
    assert current.info.version == "old"
    versions.rollback("ada")
    assert current.info.version == "old"


def test_kept_results_are_judged_again_and_receipts_show_both(
    sessions: Sessions, audit: AuditService, keeping: KeptMediaService, tmp_path: Path, face: Path
) -> None:
    old, new = load(weights(tmp_path, "old", 2)), load(weights(tmp_path, "new", 3))
    service = AnalysisService(old, sessions, Jobs(), frames=2, keeping=keeping)
    kept = service.analyse(face, consent=True)
    service.analyse(face)  # not kept
    assert RescoringService(sessions, keeping, old, frames=2).run().scored == 0
    rescoring = RescoringService(sessions, keeping, new, frames=2)
    assert (rescoring.run().scored, rescoring.run().scored) == (1, 0)
    assert kept.receipt is not None
    record = receipt_service(sessions, keeping=keeping).result(kept.receipt).document()
    assert record["model"]["version"] == "old"
    assert [later["model"]["version"] for later in record["later_scores"]] == ["new"]
    with sessions() as session:
        row = session.scalars(select(Rescore)).one()
        assert row.fake_prob == new.analyse_file(face).fake_prob
