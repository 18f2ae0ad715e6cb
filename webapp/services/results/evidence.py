"""Evidence for an analysis: shown frames, stability, consistency maps, overlay clip and reports."""

from __future__ import annotations

import contextvars
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from laanet_core.faces.crops import crop_square
from laanet_core.faces.face_scaling import faces_on
from laanet_core.inference.detector import Detector
from laanet_core.inference.overlay_video import write_overlay_clip
from laanet_core.inference.stability import MAX_CHECKED, most_suspicious, stabilities
from laanet_core.inference.stable_verdicts import checked_faces, stable_result
from laanet_core.media.interruption import interruptible
from laanet_core.media.reader import Reader
from laanet_core.results import AnalysisResult, ProgressCallback, Stability
from laanet_core.types import RGBImage
from webapp.services.analysis.analysed_media import AnalysedMedia, PixelCache
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.label_quality.score_reliability import ScoreReliability, ScoreReliabilityService
from webapp.services.model_registry.serving import CurrentDetector, producer_of
from webapp.services.reports.service import Report, report_json, report_pdf, report_statement
from webapp.services.reports.signing import ReportSigner
from webapp.texts import ENGLISH, Texts

# Side in pixels of the crops that consistency maps are shown on.
CROP_SIDE = 224


class EvidenceService:
    """Everything made of a file after its analysis. Nothing here is stored.

    `reader` decodes files. Overlay clips are written to `folder`, which is swept like the uploads. `cache`
    holds decoded pixels. `reliability` knows the moderators' decisions; without it no reliability is stated.
    `signer` signs the reports; without it they say that they are not signed. `workers` stability checks run
    at a time.
    """

    def __init__(
        self,
        detector: Detector | CurrentDetector,
        reader: Reader,
        *,
        folder: Path,
        cache: PixelCache | None = None,
        reliability: ScoreReliabilityService | None = None,
        signer: ReportSigner | None = None,
        workers: int = 1,
    ) -> None:
        self._detector = detector
        self._reader = reader
        self._folder = folder
        self._cache = cache or PixelCache()
        self._reliability = reliability
        self._signer = signer
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="stability")

    def open_media(self, path: Path) -> AnalysedMedia:
        """Return an empty holder for the pixels of a file that is about to be analysed."""
        return AnalysedMedia(path, self._reader, self._cache)

    def reliabilities(self, result: AnalysisResult) -> list[ScoreReliability | None]:
        """Return how often moderators decided "fake" at scores like each face's (picture) or person's (clip).

        An entry is None if too few decisions are known.
        """
        if self._reliability is not None:
            return self._reliability.for_result(result)
        subjects = result.tracks if result.kind == "video" else result.faces
        return [None] * len(subjects)

    def start_stability_check(
        self, media: AnalysedMedia, result: AnalysisResult
    ) -> Future[list[Stability | None]]:
        """Check the verdicts in another thread; see `stabilities`.

        The future raises Cancelled after `media.release`.
        """
        # The context holds the visitor's request. ZeroGPU charges the GPU time to that visitor's quota.
        context = contextvars.copy_context()
        check = media.until_release()

        def run() -> list[Stability | None]:
            with interruptible(check):
                check()
                return self.stabilities(media, result)

        return self._workers.submit(context.run, run)

    def stabilities(self, media: AnalysedMedia, result: AnalysisResult) -> list[Stability | None]:
        """Judge the faces of `checked_faces(result)` again after lossy changes, in their order.

        An entry is None for a face that was not checked. Raises UnreadableMedia.
        """
        rgb = media.picture() if result.kind == "image" else media.moments(result, limit=1)[0].rgb
        detector = producer_of(self._detector, result.model)
        return stabilities(detector, rgb, faces_on(rgb, checked_faces(result), result.size))

    def result_after_check(
        self, result: AnalysisResult, checks: Sequence[Stability | None] | None
    ) -> AnalysisResult:
        """Return the result in which unstable verdicts are inconclusive; see `stable_result`.

        If `checks` is None, the check has not run and the result is unchanged.
        """
        return result if checks is None else stable_result(result, checks)

    def consistency(
        self, media: AnalysedMedia, result: AnalysisResult
    ) -> list[tuple[RGBImage, npt.NDArray[np.float32]] | None]:
        """Return each face's crop (S, S, 3) uint8 RGB and consistency map (S/4, S/4) float32 in [0, 1].

        None for a face without a score, and beyond the MAX_CHECKED most suspicious faces. Raises
        UnreadableMedia, and Cancelled once the media is released.
        """
        photo = media.photo(result)
        detector = producer_of(self._detector, result.model)
        crops_and_maps: list[tuple[RGBImage, npt.NDArray[np.float32]] | None] = []
        check = media.until_release()
        shown = most_suspicious(result.faces, MAX_CHECKED)
        for index, face in enumerate(photo.faces):
            check()
            if face.heatmap is None or index not in shown:
                crops_and_maps.append(None)
                continue
            crop = crop_square(photo.rgb, face.heatmap.box, CROP_SIDE)
            crops_and_maps.append((crop, detector.consistency_map(photo.rgb, face).values))
        return crops_and_maps

    def overlay_clip(
        self, path: Path, result: AnalysisResult, progress: ProgressCallback | None = None
    ) -> Path:
        """Return a new MP4 of the clip with boxes and heatmap drawn in; decodes the clip.

        Raises UnreadableMedia.
        """
        target = Path(tempfile.mkdtemp(dir=self._folder)) / "overlay.mp4"
        write_overlay_clip(path, result, target, progress=progress, reader=self._reader)
        return target

    def report_json(
        self,
        media: AnalysedMedia,
        analysed: StoredAnalysis,
        texts: Texts = ENGLISH,
        checks: Sequence[Stability | None] | None = None,
    ) -> dict[str, Any]:
        """Return the report as JSON values. `checks` is the result of `stabilities`, if known.

        Raises UnreadableMedia, and InvalidKeys and OSError if it cannot be signed.
        """
        report = self._report(analysed, texts, checks)
        document = report_json(report, **self._pictures(media, report))
        return document if self._signer is None else self._signer.sign_json(document)

    def report_pdf(
        self,
        media: AnalysedMedia,
        analysed: StoredAnalysis,
        texts: Texts = ENGLISH,
        checks: Sequence[Stability | None] | None = None,
    ) -> bytes:
        """Return the report as an A4 PDF in the language of `texts`; `checks` as in `report_json`."""
        report = self._report(analysed, texts, checks)
        pdf = report_pdf(report, **self._pictures(media, report))
        return pdf if self._signer is None else self._signer.sign_pdf(pdf, report_statement(report))

    def _pictures(self, media: AnalysedMedia, report: Report) -> dict[str, Any]:
        """Return the photo or the clip's frames that a report shows.

        They are keyword arguments of `report_json` and `report_pdf`.
        """
        if report.result.kind == "image" and report.result.outcome != "rejected":
            return {"rgb": media.picture()}
        if report.result.outcome == "verdict":
            return {"moments": media.moments(report.shown)}
        return {}

    def _report(
        self, analysed: StoredAnalysis, texts: Texts, checks: Sequence[Stability | None] | None
    ) -> Report:
        detector = producer_of(self._detector, analysed.result.model)
        return Report(
            result=analysed.result,
            decision=detector.decision,
            media_sha256=analysed.media_sha256,
            created=analysed.created,
            notice=detector.notice,
            reliability=tuple(self.reliabilities(analysed.result)),
            stabilities=checks,
            texts=texts,
            identity=None if self._signer is None else self._signer.identity(analysed.receipt),
        )
