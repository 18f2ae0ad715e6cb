"""Detector that serves analyses, and its replacement when another version becomes the champion."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from laanet_core.decision import DecisionConfig
from laanet_core.errors import LaanetError
from laanet_core.inference.detector import Detector
from laanet_core.inference.scoring import Scores
from laanet_core.results import AnalysisResult, FaceResult, Heatmap, ModelInfo
from laanet_core.types import RGBImage
from webapp.services.model_registry.version_files import RegisteredVersion

logger = logging.getLogger(__name__)


class CurrentDetector:
    """Detector that can be replaced while threads use it.

    A caller that needs the same detector for several calls pins it. The previous detector stays in memory,
    because pages still show its results.
    """

    def __init__(self, detector: Detector) -> None:
        # Current and previous detector in one tuple, so that both change in one atomic assignment
        self._detectors = (detector, detector)

    @property
    def current(self) -> Detector:
        return self._detectors[0]

    def replace(self, detector: Detector) -> None:
        """Serve `detector` from now on; the current one becomes the previous one."""
        self._detectors = (detector, self._detectors[0])

    def producer_of(self, model: ModelInfo) -> Detector:
        """Return the detector with these weights, or the current one if it is no longer in memory."""
        same = (detector for detector in self._detectors if detector.info.sha256 == model.sha256)
        return next(same, self.current)

    @property
    def info(self) -> ModelInfo:
        return self.current.info

    @property
    def decision(self) -> DecisionConfig:
        return self.current.decision

    @property
    def notice(self) -> str | None:
        return self.current.notice

    @property
    def config(self) -> Any:
        return self.current.config

    @property
    def device(self) -> Any:
        return self.current.device

    @property
    def runtime(self) -> Any:
        return self.current.runtime

    def analyse_file(self, path: str | Path, **options: Any) -> AnalysisResult:
        """Analyse a photo or clip with the current detector; options as `Detector.analyse_file`."""
        return self.current.analyse_file(path, **options)

    def analyse_image(self, rgb: RGBImage) -> AnalysisResult:
        """Analyse `rgb`, (H, W, 3) uint8 RGB, with the current detector."""
        return self.current.analyse_image(rgb)

    def score_crops(self, crops: Sequence[RGBImage], *, flip: bool = True) -> Scores:
        """Score face crops, each (S, S, 3) uint8 RGB, with the current detector."""
        return self.current.score_crops(crops, flip=flip)

    def rescore(self, rgb: RGBImage, faces: Sequence[FaceResult]) -> list[FaceResult]:
        """Score faces of an earlier result for `rgb`, (H, W, 3) uint8 RGB, with the current detector."""
        return self.current.rescore(rgb, faces)

    def consistency_map(self, rgb: RGBImage, face: FaceResult) -> Heatmap:
        """Return the consistency map of a face in `rgb`, (H, W, 3) uint8 RGB, from the current detector."""
        return self.current.consistency_map(rgb, face)


def pin_detector(detector: Any) -> Any:
    """Return the detector to use for one whole file, however often the current one changes meanwhile."""
    return detector.current if isinstance(detector, CurrentDetector) else detector


def producer_of(detector: Detector | CurrentDetector, model: ModelInfo) -> Detector:
    """Return the detector that produced a result, or the current one if it is no longer in memory."""
    return detector.producer_of(model) if isinstance(detector, CurrentDetector) else detector


class ChampionFollower:
    """Periodic check that replaces the served detector once any process has promoted another version."""

    def __init__(
        self,
        current: CurrentDetector,
        champion: Callable[[], RegisteredVersion | None],
        load: Callable[[Path], Detector],
    ) -> None:
        self._current = current
        self._champion = champion
        self._load = load
        # config.json names the sha256 of the weights, so that its hash stands for both files.
        self._last_config_sha256 = ""

    def follow(self) -> bool:
        """Load the champion if it changed; return True if the server uses another detector now.

        If the champion cannot be loaded, the current detector stays.
        """
        champion = self._champion()
        serving = self._current.current.info
        if champion is None or champion.config_sha256 == self._last_config_sha256:
            return False
        is_first_check = not self._last_config_sha256
        self._last_config_sha256 = champion.config_sha256
        if is_first_check and champion.sha256 == serving.sha256:
            return False
        try:
            self._current.replace(self._load(champion.folder))
        except (LaanetError, OSError):
            logger.exception("cannot load %s; %s stays in use", champion.version, serving.version)
            return False
        logger.info("%s replaces %s", champion.version, serving.version)
        return True
