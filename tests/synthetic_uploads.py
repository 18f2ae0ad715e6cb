"""Synthetic faces as uploads of scripted users, and errors by their codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.data.synthetic_faces import forged_face, synthetic_face, synthetic_landmarks
from laanet_core.types import Landmarks
from webapp.db.session import Sessions
from webapp.domain.enums import LabelValue
from webapp.domain.errors import Refused, Unable
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.drills.scripted_users import ScriptedUpload, ScriptedUsers
from webapp.services.drills.synthetic_detector import FixedBoxDetector, detection_box
from webapp.services.storage.kept_media import KeptMediaService

SIDE = 128
FACE = synthetic_landmarks((64, 60), 58)
BOX = detection_box(FACE)
Pixels = npt.NDArray[np.uint8]


def find_landmarks(crop: Pixels) -> Landmarks | None:
    """Return the landmarks in a snapshot's crop of a synthetic picture, whose corner is at (4, 2)."""
    assert crop.shape == (120, 120, 3)
    return np.asarray(FACE - np.array([4, 2]), np.float32)


def real_face(seed: int) -> Pixels:
    return synthetic_face(np.random.default_rng(seed), FACE, SIDE)


def fake_face(seed: int) -> Pixels:
    return forged_face(real_face(seed))


def error_code(function: Callable[..., Any], *arguments: Any) -> str | None:
    """Call a function and return the code of its Unable or Refused error; None if it raised nothing."""
    try:
        function(*arguments)
    except (Unable, Refused) as error:
        return error.code
    return None


@dataclass
class SyntheticUploads:
    """Writer of synthetic pictures to a folder, and the scripted users who upload and decide them."""

    folder: Path
    users: ScriptedUsers

    @classmethod
    def create(cls, folder: Path, sessions: Sessions, keeping: KeptMediaService) -> SyntheticUploads:
        folder.mkdir()
        analysis = AnalysisService(
            FixedBoxDetector(BOX), AnalysisStore(sessions, kept_media=keeping), Jobs(), frames=4
        )
        return cls(folder, ScriptedUsers(sessions, analysis, moderator_count=1))

    def picture(self, rgb: Pixels, name: str) -> Path:
        path = self.folder / f"{name}.png"
        cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        return path

    def faces(
        self, reals: int, fakes: int, *, region: bytes | None = None, start: int = 0
    ) -> list[ScriptedUpload]:
        """Write real and fake faces; moderators will paint `region` on the fakes."""
        uploads: list[ScriptedUpload] = []
        for seed in range(start, start + reals):
            path = self.picture(real_face(seed), f"real{seed}")
            uploads.append(ScriptedUpload(path, LabelValue.REAL))
        for seed in range(start + 1000, start + 1000 + fakes):
            path = self.picture(fake_face(seed), f"fake{seed}")
            uploads.append(ScriptedUpload(path, LabelValue.FAKE, region))
        return uploads
