"""Painted faces that visitors let be kept and moderators by script decide; a tiny network, so that all of it can be learned from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from laanet_core.config import DecisionConfig
from laanet_core.images import read_image
from laanet_core.landmarks import Landmarks, face_box
from laanet_core.model import LAANet
from laanet_core.results import AnalysisResult, FaceResult, ModelInfo
from laanet_core.weights import save_weights
from tests.core.conftest import TINY, drawn_landmarks, painted_face
from webapp.db.session import Sessions
from webapp.domain import LabelValue
from webapp.services.analysis import AnalysisService
from webapp.services.audit import AuditService
from webapp.services.jobs import Jobs
from webapp.services.keeping import Keeping
from webapp.services.learning.folders import SnapshotFolders
from webapp.services.learning.scripted import Arrival, Script
from webapp.services.learning.snapshots import SnapshotService

SIDE = 128
FACE = drawn_landmarks((64, 60), 58)
BOX = tuple(float(round(value)) for value in face_box(FACE))
Pixels = npt.NDArray[np.uint8]


class Boxes:
    """Finds the one face of every picture where it was painted."""

    info, decision, notice = ModelInfo("tiny", "1", "1" * 64), DecisionConfig(), None

    def analyse_file(self, path: str | Path, *, seen: Any, **_: Any) -> AnalysisResult:
        rgb = read_image(Path(path))
        seen(rgb)
        x1, y1, x2, y2 = BOX
        face = FaceResult((x1, y1, x2, y2), 1.0, 0.0, 0.5, "inconclusive", None, None)
        return AnalysisResult("image", "verdict", "inconclusive", 0.5, (face,), self.info, 0.1, size=(rgb.shape[1], rgb.shape[0]))


def where_painted(crop: Pixels) -> Landmarks:
    """Of the roomy crop of a painted picture."""
    assert crop.shape == (120, 120, 3)
    return np.asarray(FACE - np.array([4, 2]), np.float32)


def real_face(seed: int) -> Pixels:
    return painted_face(np.random.default_rng(seed), FACE, SIDE)


def fake_face(seed: int) -> Pixels:
    """With a patch whose colours are turned round: anything can learn to see it."""
    rgb = real_face(seed)
    rgb[40:80, 40:90] = cv2.GaussianBlur(255 - rgb, (0, 0), 2)[40:80, 40:90]
    return rgb


@dataclass
class Crowd:
    """Visitors with pictures, in a folder."""

    folder: Path
    script: Script

    def picture(self, rgb: Pixels, name: str) -> Path:
        path = self.folder / f"{name}.png"
        cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        return path

    def arrivals(self, reals: int, fakes: int, *, region: bytes | None = None, start: int = 0) -> list[Arrival]:
        real = [Arrival(self.picture(real_face(seed), f"real{seed}"), LabelValue.REAL) for seed in range(start, start + reals)]
        seeds = range(start + 1000, start + 1000 + fakes)
        return [*real, *(Arrival(self.picture(fake_face(seed), f"fake{seed}"), LabelValue.FAKE, region) for seed in seeds)]


@pytest.fixture
def crowd(tmp_path: Path, sessions: Sessions, keeping: Keeping) -> Crowd:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return Crowd(folder, Script(sessions, AnalysisService(Boxes(), sessions, Jobs(), frames=4, keeping=keeping), wanted=1))


@pytest.fixture
def folders(tmp_path: Path) -> SnapshotFolders:
    return SnapshotFolders(tmp_path / "deep" / "snapshots")


@pytest.fixture
def snapshots(sessions: Sessions, audit: AuditService, keeping: Keeping, folders: SnapshotFolders) -> SnapshotService:
    return SnapshotService(sessions, audit, keeping, folders, landmarks=lambda: where_painted, delay=timedelta(0))


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a tiny installation begins with."""
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("tiny") / "base"
    save_weights(LAANet(TINY), folder, version="tiny-1")
    return folder
