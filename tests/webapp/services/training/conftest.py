"""Registry, fine-tuning and one snapshot of synthetic faces, for a tiny network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.synthetic_uploads import SyntheticUploads
from webapp.db.session import Sessions
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import VersionService
from webapp.services.training import splits
from webapp.services.training.finetuning import FinetuneService
from webapp.services.training.snapshots import SnapshotService

# Changes of the recipe for a tiny network and few faces
TINY_CHANGES = ("batch_pairs=2", "material.foreign_blends=0")


@pytest.fixture
def versions(sessions: Sessions, audit: AuditService, tmp_path: Path, tiny_weights: Path) -> VersionService:
    return VersionService(sessions, audit, tmp_path / "data" / "models", str(tiny_weights))


@pytest.fixture
def runs_folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "runs"


@pytest.fixture
def finetuning(
    sessions: Sessions,
    audit: AuditService,
    snapshots: SnapshotService,
    versions: VersionService,
    runs_folder: Path,
) -> FinetuneService:
    return FinetuneService(sessions, audit, snapshots, versions, runs_folder, device="cpu")


@pytest.fixture
def snapshot(uploads: SyntheticUploads, snapshots: SnapshotService, monkeypatch: pytest.MonkeyPatch) -> str:
    """Id of a snapshot of 28 faces; larger shares of gold and val give every split some of them."""
    monkeypatch.setattr(splits, "GOLD_SHARE", 0.35)
    monkeypatch.setattr(splits, "VAL_SHARE", 0.3)
    uploads.users.upload_and_decide(uploads.faces(14, 14))
    return snapshots.freeze().public_id
