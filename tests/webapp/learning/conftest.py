"""Painted faces that visitors let be kept and moderators by script decide; a tiny network, so that all of it can be learned from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from laanet_core.data.synthetic_faces import forged_face, synthetic_face, synthetic_landmarks
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from laanet_core.types import Landmarks
from tests.core.conftest import TINY
from webapp.db.session import Sessions
from webapp.domain.enums import LabelValue
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.audit.log import AuditService
from webapp.services.drills.scripted_users import Arrival, Script
from webapp.services.drills.synthetic_detector import DrawnJudge, box_of
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training.snapshots import SnapshotService

SIDE = 128
FACE = synthetic_landmarks((64, 60), 58)
BOX = box_of(FACE)
Pixels = npt.NDArray[np.uint8]


def where_painted(crop: Pixels) -> Landmarks:
    """Of the roomy crop of a painted picture."""
    assert crop.shape == (120, 120, 3)
    return np.asarray(FACE - np.array([4, 2]), np.float32)


def real_face(seed: int) -> Pixels:
    return synthetic_face(np.random.default_rng(seed), FACE, SIDE)


def fake_face(seed: int) -> Pixels:
    return forged_face(real_face(seed))


@dataclass
class Crowd:
    """Visitors with pictures, in a folder."""

    folder: Path
    script: Script

    def picture(self, rgb: Pixels, name: str) -> Path:
        path = self.folder / f"{name}.png"
        cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        return path

    def arrivals(
        self, reals: int, fakes: int, *, region: bytes | None = None, start: int = 0
    ) -> list[Arrival]:
        real = [
            Arrival(self.picture(real_face(seed), f"real{seed}"), LabelValue.REAL)
            for seed in range(start, start + reals)
        ]
        seeds = range(start + 1000, start + 1000 + fakes)
        return [
            *real,
            *(
                Arrival(self.picture(fake_face(seed), f"fake{seed}"), LabelValue.FAKE, region)
                for seed in seeds
            ),
        ]


@pytest.fixture
def crowd(tmp_path: Path, sessions: Sessions, keeping: KeptMediaService) -> Crowd:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return Crowd(
        folder,
        Script(
            sessions, AnalysisService(DrawnJudge(BOX), sessions, Jobs(), frames=4, keeping=keeping), wanted=1
        ),
    )


@pytest.fixture
def folders(tmp_path: Path) -> SnapshotFolders:
    return SnapshotFolders(tmp_path / "deep" / "snapshots", tmp_path / "deep" / "judged")


@pytest.fixture
def snapshots(
    sessions: Sessions, audit: AuditService, keeping: KeptMediaService, folders: SnapshotFolders
) -> SnapshotService:
    return SnapshotService(
        sessions, audit, keeping, folders, landmarks=lambda: where_painted, delay=timedelta(0)
    )


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a tiny installation begins with."""
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("tiny") / "base"
    save_weights(LAANet(TINY), folder, version="tiny-1")
    return folder
