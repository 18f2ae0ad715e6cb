"""Detector of manipulated faces: photos, clips and files to calibrated verdicts with heatmaps."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from laanet_core.decision import DecisionConfig
from laanet_core.errors import UnreadableMedia
from laanet_core.faces.crops import ENLARGEMENT, crop_turned
from laanet_core.faces.detector import DetectedFace, FaceDetector
from laanet_core.faces.face_budget import FaceBudget
from laanet_core.faces.face_scaling import in_original_pixels, size_of
from laanet_core.faces.quality import FaceAssessor
from laanet_core.inference.clip_analysis import FRAMES, ClipAnalyser, OnFrame, OnPartialResult
from laanet_core.inference.conflicts import with_provenance
from laanet_core.inference.consistency_map import consistency_values
from laanet_core.inference.face_scoring import FaceScorer
from laanet_core.inference.file_results import FileResults
from laanet_core.inference.scoring import Scores, score_crops, turn_heatmap
from laanet_core.media.images import sniff_file
from laanet_core.media.reader import IN_PROCESS, Reader
from laanet_core.media.video import Frame
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.device import pick_device
from laanet_core.modeling.loading import LoadedWeights, load_weights
from laanet_core.results import (
    AnalysisResult,
    Caution,
    ErrorInfo,
    FaceResult,
    Heatmap,
    InferencePrecision,
    Kind,
    ModelInfo,
    Progress,
    ProgressCallback,
    Provenance,
    ProvenanceSource,
    RuntimeInfo,
    ignore_progress,
    ordered_cautions,
)
from laanet_core.runtimes.base import RuntimeChoice
from laanet_core.runtimes.batching import CLIP_PATIENCE, GATHER_SECONDS, BatchingRuntime
from laanet_core.runtimes.selection import open_runtime
from laanet_core.types import RGBImage

logger = logging.getLogger(__name__)
# Rejections of files whose provenance is not read.
_UNREAD = ("file_not_found", "empty_file", "unsupported_type", "decoders_busy")

# Progress of a photo's analysis when the file is decoded.
_DECODED_FRACTION = 0.3


class Detector:
    """Loaded weights with a face detector and a runtime, ready to judge. Thread-safe.

    Faces from concurrent threads share batches. `reader` decodes files. `gather` is passed to
    `BatchingRuntime`; `runtime`, `precision` and `cache` are passed to `open_runtime`. Consistency maps
    always run through torch eager.
    """

    def __init__(
        self,
        loaded: LoadedWeights,
        device: str = "auto",
        *,
        runtime: RuntimeChoice = "auto",
        precision: InferencePrecision = "float32",
        cache: Path | None = None,
        reader: Reader = IN_PROCESS,
        gather: float = GATHER_SECONDS,
    ) -> None:
        self.device = pick_device(device)
        self.info: ModelInfo = loaded.info
        self.decision: DecisionConfig = loaded.decision
        self.config: ModelConfig = loaded.model.config
        notice = loaded.card.get("notice")
        self.notice: str | None = None if notice is None else str(notice)
        self.model = loaded.model.to(self.device).to(memory_format=torch.channels_last).eval()
        self._reader = reader
        opened = open_runtime(self.model, runtime, precision, cache=cache, weights_sha256=self.info.sha256)
        self._runtime = BatchingRuntime(opened, gather=gather)
        self.runtime: RuntimeInfo = self._runtime.info
        self._face_detector = FaceDetector(self.device if self.device.type == "cuda" else "cpu")
        self._assessor = FaceAssessor(self._face_detector)
        # One consistency map at a time, which bounds the memory of the embeddings.
        self._consistency_lock = threading.Lock()

    @classmethod
    def from_weights(
        cls,
        source: str | Path = "starter",
        device: str = "auto",
        *,
        runtime: RuntimeChoice = "auto",
        precision: InferencePrecision = "float32",
        cache: Path | None = None,
        reader: Reader = IN_PROCESS,
        gather: float = GATHER_SECONDS,
    ) -> Detector:
        """Load weights and build a detector. `source` is `starter`, a folder, or `hf://owner/repo@revision`.

        For a handful of pictures `runtime="eager"` is ready a second sooner. Raises InvalidWeights,
        InvalidConfig for an unknown device or name, and RuntimeUnavailable for a runtime chosen by name.
        """
        return cls(
            load_weights(source),
            device,
            runtime=runtime,
            precision=precision,
            cache=cache,
            reader=reader,
            gather=gather,
        )

    def analyse_image(self, rgb: RGBImage) -> AnalysisResult:
        """Judge the faces of an upright picture (H, W, 3) uint8 RGB; the largest face comes first.

        If there are very many, `FaceBudget` chooses those that are judged. The work can be interrupted
        (`interruption`). Raises ValueError for an array of another shape or dtype.
        """
        started = time.monotonic()
        _require_rgb(rgb)
        with self._runtime.visit():
            budget = FaceBudget()
            detected = self._face_detector.detect(rgb, min_face_size=self.decision.min_face_size)
            scorer = self._scorer()
            faces = scorer.score([scorer.crop(rgb, detected, budget=budget)])[0]
        return self._results().picture(size_of(rgb), faces, started, is_budget_exceeded=budget.is_exceeded)

    def analyse_crop(self, rgb: RGBImage) -> AnalysisResult:
        """Judge a picture (H, W, 3) uint8 RGB that is a face crop as a whole, without face detection.

        Raises ValueError for an array of another shape or dtype.
        """
        started = time.monotonic()
        _require_rgb(rgb)
        height, width = rgb.shape[:2]
        whole = DetectedFace((0.0, 0.0, float(width), float(height)), 1.0)
        faces = self.score_faces(rgb, [whole], enlargement=1.0)
        return self._results().picture(size_of(rgb), faces, started)

    def analyse_video(
        self,
        path: str | Path,
        frames: int = FRAMES,
        progress: ProgressCallback | None = None,
        *,
        on_frame: OnFrame | None = None,
        on_partial_result: OnPartialResult | None = None,
    ) -> AnalysisResult:
        """Judge every face on chosen frames of a clip, then aggregate per track and passage.

        The first look takes up to `frames` evenly spaced frames and, in a clip with cuts, slides or
        changes between them, up to three times as many in addition (`media.frame_selection`). The second
        look takes up to `frames` more around suspicious and in unjudged stretches (`second_look`).

        `progress` may raise Cancelled to stop. `on_frame` receives every judged frame, in order within each
        look, in another thread. `on_partial_result` receives the result over the frames judged so far while
        more of the first look are to come. Decoding, face detection and scoring run in parallel; memory does
        not grow with the clip's length. Raises UnreadableMedia.
        """
        report = progress or ignore_progress
        report(Progress(0.0, "reading"))
        with self._runtime.visit(patience=CLIP_PATIENCE):
            analyser = ClipAnalyser(self._reader, self._face_detector, self._scorer(), self._results())
            result = analyser.analyse(
                Path(path), frames, report, on_frame=on_frame, on_partial_result=on_partial_result
            )
        report(Progress(1.0, "judging"))
        return result

    def analyse_file(
        self,
        path: str | Path,
        *,
        frames: int = FRAMES,
        cropped: bool = False,
        only: Kind | None = None,
        progress: ProgressCallback | None = None,
        on_frame: OnFrame | None = None,
        on_partial_result: OnPartialResult | None = None,
    ) -> AnalysisResult:
        """Judge a photo or clip, recognised by its content.

        A file that cannot be judged gives the outcome `rejected` with an error code. `only` rejects files
        of the other kind. `cropped` takes a photo as a face crop and rejects clips. `on_frame` receives the
        upright photo as a frame at 0 seconds, smaller than the original if that is very large: `faces_on`
        converts the result's faces to its pixels. The other parameters are those of `analyse_video`. The
        provenance is read too; a rejected file has one only if it states something.
        """
        started = time.monotonic()
        judged = self._judge_file(
            Path(path),
            started,
            frames=frames,
            cropped=cropped,
            only=only,
            progress=progress,
            on_frame=on_frame,
            on_partial_result=on_partial_result,
        )
        if judged.error is not None and judged.error.code in _UNREAD:
            return judged
        provenance = self._provenance(Path(path))
        # A file that cannot be decoded may still say where it comes from, or have been changed since.
        if judged.outcome == "rejected" and provenance == Provenance():
            return judged
        result = with_provenance(judged, provenance)
        return dataclasses.replace(result, seconds=time.monotonic() - started)

    def _judge_file(
        self,
        path: Path,
        started: float,
        *,
        frames: int,
        cropped: bool,
        only: Kind | None,
        progress: ProgressCallback | None,
        on_frame: OnFrame | None,
        on_partial_result: OnPartialResult | None,
    ) -> AnalysisResult:
        """Return the result of `analyse_file` without the file's provenance."""
        kind: Kind = "image"
        cautions: set[Caution] = set()
        try:
            kind = sniff_file(path)
            if cropped and only is None:
                only = "image"
            _require_kind(kind, only)
            if kind == "video":
                return self.analyse_video(
                    path, frames, progress, on_frame=on_frame, on_partial_result=on_partial_result
                )
            picture = self._reader.picture(path, warn=cautions.add)
            if on_frame:
                on_frame(Frame(picture.rgb, 0.0))
            if progress:
                progress(Progress(_DECODED_FRACTION, "judging"))
            judge = self.analyse_crop if cropped else self.analyse_image
            result = in_original_pixels(judge(picture.rgb), picture.size)
        except UnreadableMedia as error:
            return self._results().rejected(kind, ErrorInfo(error.code, error.message), started)
        except MemoryError:
            logger.exception("a file needs more memory than there is")
            message = "Decoding the file takes more memory than there is. Save it smaller."
            return self._results().rejected(kind, ErrorInfo("decoding_too_large", message), started)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            logger.exception("a file could not be judged because of an unexpected error")
            message = f"The file could not be judged ({type(error).__name__}). Please report it."
            return self._results().rejected(kind, ErrorInfo("unforeseen", message), started)
        cautions.update(result.cautions)
        return dataclasses.replace(result, cautions=ordered_cautions(cautions))

    def _provenance(self, path: Path) -> Provenance:
        """Return the provenance of a file; `unreadable` with the error's code if reading fails."""
        try:
            return self._reader.provenance(path)
        except UnreadableMedia as error:
            return Provenance("unreadable", sources=(ProvenanceSource("c2pa", "problem", error.code),))

    def score_faces(
        self, rgb: RGBImage, faces: Sequence[DetectedFace], *, enlargement: float = ENLARGEMENT
    ) -> list[FaceResult]:
        """Judge faces whose boxes are known, on an upright picture (H, W, 3) uint8 RGB.

        The crop of a face is `enlargement` times its box's longer side. Faces that are too small get no
        score.
        """
        scorer = self._scorer()
        return scorer.score([scorer.crop(rgb, faces, enlargement=enlargement)])[0]

    def score_crops(self, crops: Sequence[RGBImage], *, flip: bool = True) -> Scores:
        """Score face crops (S, S, 3) uint8 RGB, with S the model's input size; see `scoring.score_crops`."""
        return score_crops(self._runtime, crops, flip=flip)

    def rescore(self, rgb: RGBImage, faces: Sequence[FaceResult]) -> list[FaceResult]:
        """Score faces of an earlier result again, in the same crops, with scores and heatmaps by this model.

        `rgb` (H, W, 3) uint8 is their picture or frame, and their boxes are in its pixels. Faces that are not
        judged stay without a score.
        """
        _require_rgb(rgb)
        scored_again: list[FaceResult] = []
        scorer = self._scorer()
        crops = [scorer.crop_again(rgb, face) for face in faces]
        for face, (result,) in zip(faces, scorer.score(crops), strict=True):
            scored_again.append(dataclasses.replace(result, track=face.track))
        return scored_again

    def crop_roll(self, face: FaceResult) -> float:
        """Return the degrees, clockwise positive, by which a face's crop was turned back: often 0."""
        return self._assessor.crop_roll(face.quality)

    def consistency_map(self, rgb: RGBImage, face: FaceResult) -> Heatmap:
        """Return the consistency map (paper equation 6) of a face against its most suspicious cell.

        `rgb` (H, W, 3) uint8 is the picture or frame in which this detector judged `face`, whose places are
        in pixels of `rgb` (`face_scaling.faces_on`). The map has
        values (S/4, S/4) float32 in [0, 1] over the heatmap's box; its anchor is the heatmap's peak. A real
        face is consistent everywhere; in a fake only cells blended like the anchor are. Runs a forward pass
        of its own. Raises ValueError for a face without a heatmap.
        """
        _require_rgb(rgb)
        if face.heatmap is None:
            raise ValueError("a face without a heatmap has no consistency map")
        roll = self.crop_roll(face)
        crop = crop_turned(rgb, face.heatmap.box, self.config.input_size, roll)
        anchor = int(turn_heatmap(face.heatmap.values, -roll).argmax())
        with self._consistency_lock:
            values = consistency_values(self.model, crop, anchor)
        return Heatmap(turn_heatmap(values, roll), face.heatmap.box)

    def _scorer(self) -> FaceScorer:
        # Built for each call: a scorer that is an attribute would refer back to this object, which then
        # would keep its memory when it is dropped.
        return FaceScorer(self._assessor, self.decision, self.config.input_size, self.score_crops)

    def _results(self) -> FileResults:
        return FileResults(self.info, self.decision, self.runtime)


def _require_rgb(rgb: RGBImage) -> None:
    if not isinstance(rgb, np.ndarray):
        raise ValueError(f"a picture must be an array (H, W, 3) of uint8 RGB, not {type(rgb).__name__}")
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise ValueError(f"a picture must be an array (H, W, 3) of uint8 RGB, not {rgb.dtype} {rgb.shape}")


def _require_kind(kind: Kind, only: Kind | None) -> None:
    if only is not None and kind != only:
        name = "a video" if kind == "video" else "a picture"
        raise UnreadableMedia("unsupported_type", f"This is {name}, which was not asked for.")
