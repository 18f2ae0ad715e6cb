"""What backs or weakens an answer that was given: the file is looked at again, and nothing is stored."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from laanet_core.faces.crops import crop_square
from laanet_core.inference.detector import Detector
from laanet_core.inference.key_frames import Moment, moments, worst_times
from laanet_core.inference.overlay_video import write_overlay_clip
from laanet_core.inference.stability import Stability, stabilities
from laanet_core.inference.stable_verdicts import checked_faces, held_answer
from laanet_core.media.reader import Reader
from laanet_core.results import AnalysisResult
from laanet_core.types import RGBImage
from webapp.services.analysis.jobs import Progress
from webapp.services.analysis.service import Analysed
from webapp.services.label_quality.score_reliability import ScoreReliability, ScoreReliabilityService
from webapp.services.model_registry.serving import CurrentDetector, that_gave
from webapp.services.reports.service import Report, report_json, report_pdf

CROP_SIDE = 224


class EvidenceService:
    """Decodes by `reader`, never itself. `frames` is the number of a clip's frames that were judged, `folder` where made files are put:
    it is swept like the uploads. `reliability` knows what moderators decided; without it nothing is said of that.
    """

    def __init__(
        self,
        detector: Detector | CurrentDetector,
        reader: Reader,
        *,
        frames: int,
        folder: Path,
        reliability: ScoreReliabilityService | None = None,
    ) -> None:
        self._detector = detector
        self._reader = reader
        self._frames = frames
        self._folder = folder
        self._reliability = reliability

    def reliabilities(self, result: AnalysisResult) -> list[ScoreReliability | None]:
        """How often scores like those of a picture's faces, or of a clip's persons, were fake; None where too little is known."""
        subjects = result.tracks if result.kind == "video" else result.faces
        return [None] * len(subjects) if self._reliability is None else self._reliability.for_result(result)

    def picture(self, path: Path) -> RGBImage:
        """The upright picture (H, W, 3) uint8 RGB. Raises UnreadableMedia."""
        return self._reader.image(path)

    def stabilities(self, path: Path, result: AnalysisResult) -> list[Stability | None]:
        """Whether the verdicts of `holding.checked_faces` hold, in their order; None for a face without a score."""
        faces = checked_faces(result)
        rgb = (
            self.picture(path)
            if result.kind == "image"
            else next(iter(self.worst_moments(path, result, limit=1))).rgb
        )
        return stabilities(that_gave(self._detector, result.model), rgb, faces)

    def held(self, result: AnalysisResult, found: Sequence[Stability | None] | None) -> AnalysisResult:
        """The answer with the verdicts that are left after `stabilities`, as it is shown; as it was given while that is not known."""
        return result if found is None else held_answer(result, found)

    def consistency(
        self, path: Path, result: AnalysisResult
    ) -> list[tuple[RGBImage, npt.NDArray[np.float32]] | None]:
        """Of every face of a picture its crop (S, S, 3) and consistency map (S/4, S/4) in [0, 1]; None for a face without a score."""
        rgb = self.picture(path)
        found: list[tuple[RGBImage, npt.NDArray[np.float32]] | None] = []
        for face in result.faces:
            if face.heatmap is None:
                found.append(None)
                continue
            crop = crop_square(rgb, face.heatmap.box, CROP_SIDE)
            found.append((crop, that_gave(self._detector, result.model).consistency_map(rgb, face).values))
        return found

    def worst_moments(self, path: Path, result: AnalysisResult, *, limit: int = 4) -> list[Moment]:
        return list(
            moments(path, result, worst_times(result, limit=limit), self._frames, reader=self._reader)
        )

    def overlay_clip(self, path: Path, result: AnalysisResult, progress: Progress | None = None) -> Path:
        """The clip with boxes and heatmap drawn in, as an MP4 of our making. Raises UnreadableMedia."""
        target = Path(tempfile.mkdtemp(dir=self._folder)) / "overlay.mp4"
        write_overlay_clip(path, result, target, progress=progress, reader=self._reader)
        return target

    def report_json(
        self,
        path: Path,
        analysed: Analysed,
        words: Mapping[str, str] | None = None,
        found: Sequence[Stability | None] | None = None,
    ) -> dict[str, Any]:
        """`found` is what `stabilities` gave, where that is known already."""
        report = self._report(analysed, words, found)
        return report_json(report, **self._pictures(path, report))

    def report_pdf(
        self,
        path: Path,
        analysed: Analysed,
        words: Mapping[str, str] | None = None,
        found: Sequence[Stability | None] | None = None,
    ) -> bytes:
        """An A4 report. `words` are those of another language than English, `found` as in `report_json`."""
        report = self._report(analysed, words, found)
        return report_pdf(report, **self._pictures(path, report))

    def _pictures(self, path: Path, report: Report) -> dict[str, Any]:
        """What a report shows of a file: the photo, or the frames of a clip."""
        if report.result.kind == "image" and report.result.outcome != "rejected":
            return {"rgb": self.picture(path)}
        if report.result.outcome == "verdict":
            return {"moments": self.worst_moments(path, report.shown)}
        return {}

    def _report(
        self, analysed: Analysed, words: Mapping[str, str] | None, found: Sequence[Stability | None] | None
    ) -> Report:
        extra: dict[str, Any] = {} if words is None else {"words": words}
        judge = that_gave(self._detector, analysed.result.model)
        return Report(
            analysed.result,
            judge.decision,
            analysed.media_sha256,
            analysed.created,
            notice=judge.notice,
            reliability=tuple(self.reliabilities(analysed.result)),
            stabilities=found,
            **extra,
        )
