"""Results of the real detector for tests of the report."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from laanet_core.inference.detector import Detector
from laanet_core.inference.key_frames import Moment, decode_moments, worst_times
from laanet_core.media.images import read_image
from laanet_core.results import AnalysisResult
from laanet_core.types import RGBImage
from tests.core.clips import write_clip


@dataclasses.dataclass(frozen=True)
class AnalysedVideo:
    """Result of a video, and its two most suspicious frames."""

    result: AnalysisResult
    moments: list[Moment]


@pytest.fixture(scope="session")
def photo(samples: Path) -> RGBImage:
    return read_image(samples / "two_people.jpg")


@pytest.fixture(scope="session")
def photo_result(detector: Detector, photo: RGBImage) -> AnalysisResult:
    return detector.analyse_image(photo)


@pytest.fixture(scope="session")
def video(detector: Detector, photo: RGBImage, tmp_path_factory: pytest.TempPathFactory) -> AnalysedVideo:
    rows, columns = photo.shape[0] // 2 * 2, photo.shape[1] // 2 * 2
    frames = [np.roll(photo[:rows, :columns], 4 * number, 1) for number in range(6)]
    path = write_clip(tmp_path_factory.mktemp("video") / "secret-name.mp4", frames)
    result = detector.analyse_video(path, 6)
    return AnalysedVideo(result, list(decode_moments(path, result, worst_times(result, 2))))
