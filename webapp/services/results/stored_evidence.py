"""Evidence of a stored result, made again from its kept file for the holder of the receipt."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from laanet_core.faces.face_scaling import Size, faces_on, scale_box, size_of
from laanet_core.inference.detector import Detector
from laanet_core.inference.stable_verdicts import stable_result
from laanet_core.results import AnalysisResult, FaceResult, Heatmap, Stability
from laanet_core.types import RGBImage
from webapp.services.analysis.analysed_media import AnalysedMedia
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.model_registry.serving import CurrentDetector, producer_of
from webapp.services.results.documents import StoredResult
from webapp.services.results.evidence import EvidenceService
from webapp.services.results.exports import ExportService
from webapp.services.results.receipts import ReceiptService


@dataclass(frozen=True)
class StoredEvidence:
    """Kept file of a stored result, with the evidence that the database lacks.

    `result` has the stored scores and verdicts, with heatmaps of the shown faces, in pixels of the upright
    original. `stabilities` are those of `checked_faces(result)`. Without the model that judged the file there
    are neither: `stabilities` is None.
    """

    stored: StoredResult
    media: AnalysedMedia
    result: AnalysisResult
    stabilities: list[Stability | None] | None

    def shown_result(self) -> AnalysisResult:
        """Return the result with the verdicts after the stability check, if it could run."""
        return self.result if self.stabilities is None else stable_result(self.result, self.stabilities)

    def analysis(self, receipt: str) -> StoredAnalysis:
        """Return the analysis as a report states it."""
        return StoredAnalysis(
            self.result, self.stored.media.sha256, self.stored.created_at, receipt, is_kept=True
        )


class StoredEvidenceService:
    """Opens kept files below `folder`, from which the server must not serve anything."""

    def __init__(
        self,
        receipts: ReceiptService,
        exports: ExportService,
        evidence: EvidenceService,
        detector: Detector | CurrentDetector,
        *,
        folder: Path,
    ) -> None:
        self._receipts = receipts
        self._exports = exports
        self._evidence = evidence
        self._detector = detector
        self._folder = folder

    @contextlib.contextmanager
    def open(self, receipt: str) -> Iterator[StoredEvidence]:
        """Yield the evidence of a stored result; its copy of the file is deleted afterwards.

        Scores the shown faces again. Raises Refused: unknown_receipt, not_kept, unavailable; and
        UnreadableMedia.
        """
        stored = self._receipts.result(receipt)
        content = self._exports.kept_file(receipt).content
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as temporary:
            path = Path(temporary) / "kept"
            path.write_bytes(content)
            media = self._evidence.open_media(path)
            try:
                yield self._evidence_of(stored, media)
            finally:
                media.release()

    def _evidence_of(self, stored: StoredResult, media: AnalysedMedia) -> StoredEvidence:
        result = dataclasses.replace(stored.analysis, size=stored.size)
        detector = producer_of(self._detector, result.model)
        if detector.info.sha256 != result.model.sha256:
            return StoredEvidence(stored, media, result, None)
        if result.outcome != "verdict":
            return StoredEvidence(stored, media, result, [])
        result = _with_heatmaps(detector, media, result)
        return StoredEvidence(stored, media, result, self._evidence.stabilities(media, result))


def _with_heatmaps(detector: Detector, media: AnalysedMedia, result: AnalysisResult) -> AnalysisResult:
    """Return the result with heatmaps of all faces of a photo, or of the shown moments of a clip.

    The stored scores stay: another device may round them differently.
    """
    if result.kind == "image":
        rgb = media.picture()
        return dataclasses.replace(result, faces=_heated(detector, rgb, result.faces, result.size))
    heated = {}
    for moment in media.moments(result):
        faces = [face for face in result.faces if face.time == moment.time]
        heated[moment.time] = iter(_heated(detector, moment.rgb, faces, result.size))
    faces = [next(heated[face.time]) if face.time in heated else face for face in result.faces]
    return dataclasses.replace(result, faces=tuple(faces))


def _heated(
    detector: Detector, rgb: RGBImage, faces: Sequence[FaceResult], size: Size | None
) -> tuple[FaceResult, ...]:
    """Return faces of an original of (width, height) `size` with what the database lacks.

    That is their heatmaps in the picture `rgb`, (H, W, 3) uint8, and the logits of their crops alone.
    """
    own = size_of(rgb)
    again = detector.rescore(rgb, faces_on(rgb, faces, size))
    return tuple(
        dataclasses.replace(
            face,
            heatmap=_in_original(scored.heatmap, own, size or own),
            unmirrored_logit=scored.unmirrored_logit,
        )
        for face, scored in zip(faces, again, strict=True)
    )


def _in_original(heatmap: Heatmap | None, own: Size, size: Size) -> Heatmap | None:
    return None if heatmap is None else Heatmap(heatmap.values, scale_box(heatmap.box, own, size))
