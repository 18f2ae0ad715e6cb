"""The detector that answers now. It changes between analyses, never within one."""

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
from webapp.services.model_registry.versions import Standing

logger = logging.getLogger(__name__)


class CurrentDetector:
    """A detector that may be exchanged while others use it; whoever needs one for longer than a call holds `now`.

    The one before the last exchange is kept: pages still show what it answered.
    """

    def __init__(self, detector: Detector) -> None:
        self._both = (detector, detector)  # now and before: exchanged as one

    @property
    def now(self) -> Detector:
        return self._both[0]

    def replace(self, detector: Detector) -> None:
        self._both = (detector, self._both[0])

    def that_gave(self, model: ModelInfo) -> Detector:
        """The one that gave an answer; the present one where that is not there any more."""
        return next((detector for detector in self._both if detector.info.sha256 == model.sha256), self.now)

    @property
    def info(self) -> ModelInfo:
        return self.now.info

    @property
    def decision(self) -> DecisionConfig:
        return self.now.decision

    @property
    def notice(self) -> str | None:
        return self.now.notice

    @property
    def config(self) -> Any:
        return self.now.config

    @property
    def device(self) -> Any:
        return self.now.device

    @property
    def runtime(self) -> Any:
        return self.now.runtime

    def analyse_file(self, path: str | Path, **options: Any) -> AnalysisResult:
        return self.now.analyse_file(path, **options)

    def analyse_image(self, rgb: RGBImage) -> AnalysisResult:
        return self.now.analyse_image(rgb)

    def score_crops(self, crops: Sequence[RGBImage], *, flip: bool = True) -> Scores:
        return self.now.score_crops(crops, flip=flip)

    def consistency_map(self, rgb: RGBImage, face: FaceResult) -> Heatmap:
        return self.now.consistency_map(rgb, face)


def pinned(detector: Any) -> Any:
    """What to judge a file with from beginning to end."""
    return detector.now if isinstance(detector, CurrentDetector) else detector


def that_gave(detector: Detector | CurrentDetector, model: ModelInfo) -> Detector:
    """The detector that gave an answer."""
    return detector.that_gave(model) if isinstance(detector, CurrentDetector) else detector


class Follower:
    """Lets a server answer with the champion, whichever process promoted it."""

    def __init__(
        self,
        current: CurrentDetector,
        champion: Callable[[], Standing | None],
        load: Callable[[Path], Detector],
    ) -> None:
        self._current = current
        self._champion = champion
        self._load = load
        self._seen = ""

    def follow(self) -> bool:
        """Exchange the detector where another version is champion; one that cannot be loaded is logged, and the present one stays."""
        standing, held = self._champion(), self._current.now
        if standing is None or standing.config_sha256 == self._seen:  # which holds the weights' sha256 too
            return False
        first, self._seen = not self._seen, standing.config_sha256
        if first and standing.sha256 == held.info.sha256:
            return False
        try:
            self._current.replace(self._load(standing.folder))
        except (LaanetError, OSError):
            logger.exception("%s cannot be used; %s goes on answering", standing.version, held.info.version)
            return False
        logger.info("%s answers from now on, after %s", standing.version, held.info.version)
        return True
