"""Stand-in for the detector in drills: it reports one inconclusive face at a fixed box in every picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from laanet_core.decision import DecisionConfig
from laanet_core.faces.landmarks import face_box
from laanet_core.media.images import read_image
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult, FaceResult, Kind, ModelInfo, ProgressCallback
from laanet_core.types import Box, Landmarks


def detection_box(landmarks: Landmarks) -> Box:
    """Return the box of a face with `landmarks` (68, 2), in whole pixels, like the boxes of detectors."""
    x1, y1, x2, y2 = (float(round(value)) for value in face_box(landmarks))
    return x1, y1, x2, y2


class FixedBoxDetector:
    """Detector for synthetic faces, which the real detector does not find."""

    info = ModelInfo("drawn", version="1", sha256="1" * 64)
    decision = DecisionConfig()
    notice = None

    def __init__(self, box: Box) -> None:
        self._box = box

    def analyse_file(
        self,
        path: str | Path,
        *,
        frames: int = 1,
        only: Kind | None = None,
        progress: ProgressCallback | None = None,
        on_frame: Callable[[Frame], None] | None = None,
        on_partial_result: Callable[[AnalysisResult], None] | None = None,
    ) -> AnalysisResult:
        """Report one inconclusive face at the box. `on_frame` receives the photo; the rest is ignored."""
        rgb = read_image(Path(path))
        if on_frame is not None:
            on_frame(Frame(rgb, 0.0))
        face = FaceResult(self._box, 1.0, 0.0, 0.5, "inconclusive", None, None)
        size = (rgb.shape[1], rgb.shape[0])
        return AnalysisResult("image", "verdict", "inconclusive", 0.5, (face,), self.info, 0.0, size=size)
