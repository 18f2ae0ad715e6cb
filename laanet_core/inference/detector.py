"""From a picture or clip to verdicts: faces found, cropped, scored, calibrated."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Collection, Generator, Sequence
from pathlib import Path

import numpy as np
import torch

from laanet_core.decision import (
    DecisionConfig,
    aggregate_tracks,
    fake_probability,
    verdict_of,
    video_fake_prob,
)
from laanet_core.errors import UnreadableMedia
from laanet_core.faces.crops import ENLARGEMENT, crop_square
from laanet_core.faces.detector import DetectedFace, FaceDetector
from laanet_core.faces.face_crops import Picture, cut
from laanet_core.faces.tracking import link
from laanet_core.faces.video_detector import find_faces
from laanet_core.inference.consistency_map import consistency_values
from laanet_core.inference.scoring import Scores, score_crops
from laanet_core.media.frame_batches import chunks
from laanet_core.media.images import sniff_file
from laanet_core.media.prefetch import ahead
from laanet_core.media.reader import IN_PLACE, Reader
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
    Outcome,
    RuntimeInfo,
    ordered_cautions,
)
from laanet_core.runtimes.base import RuntimeChoice
from laanet_core.runtimes.batching import CLIP_PATIENCE, GATHER_SECONDS, BatchingRuntime
from laanet_core.runtimes.selection import open_runtime
from laanet_core.types import Box, RGBImage

logger = logging.getLogger(__name__)
Progress = Callable[[float, str], None]
Seen = Callable[[Frame], None]
Early = Callable[[AnalysisResult], None]
FRAMES = 32
_NEARLY = 0.8  # of the smallest size that is judged: somewhat smaller faces of a clip are still found, and said to be too small
_READ_AHEAD = 2  # frames


class Detector:
    """Loaded weights and a face detector, ready to judge; may be shared between threads, whose faces are judged together or side by side
    (`BatchingRuntime`, which `gather` is passed to).

    Files are decoded by `reader`: in place, unless another is given. The network is carried out by `runtime`: see `open_runtime`, which
    `precision` and `cache` are passed to; consistency maps, made when asked for, always by torch eager.
    """

    def __init__(
        self,
        loaded: LoadedWeights,
        device: str = "auto",
        *,
        runtime: RuntimeChoice = "auto",
        precision: InferencePrecision = "float32",
        cache: Path | None = None,
        reader: Reader = IN_PLACE,
        gather: float = GATHER_SECONDS,
    ) -> None:
        self.device = pick_device(device)
        self.info: ModelInfo = loaded.info
        self.decision: DecisionConfig = loaded.decision
        self.config: ModelConfig = loaded.model.config
        notice = loaded.card.get("notice")
        self.notice: str | None = None if notice is None else str(notice)
        self._reader = reader
        self._model = loaded.model.to(self.device).to(memory_format=torch.channels_last).eval()
        opened = open_runtime(self._model, runtime, precision, cache=cache, weights_sha256=self.info.sha256)
        self._runtime = BatchingRuntime(opened, gather=gather)
        self.runtime: RuntimeInfo = self._runtime.info
        self._faces = FaceDetector(self.device if self.device.type == "cuda" else "cpu")
        self._eager = threading.Lock()

    @classmethod
    def from_weights(
        cls,
        source: str | Path = "starter",
        device: str = "auto",
        *,
        runtime: RuntimeChoice = "auto",
        precision: InferencePrecision = "float32",
        cache: Path | None = None,
        reader: Reader = IN_PLACE,
        gather: float = GATHER_SECONDS,
    ) -> Detector:
        """`source`: starter, a folder, or hf://owner/repo@revision.

        For a handful of pictures `runtime="eager"` is ready a second sooner. Raises InvalidWeights, InvalidConfig (device, names),
        RuntimeUnavailable (a runtime asked for by name).
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
        """Judge every face of an upright picture (H, W, 3) uint8 RGB; the faces come largest first. Raises ValueError for another array."""
        started = time.monotonic()
        _require_rgb(rgb)
        with self._runtime.visit():
            found = self._faces.detect(rgb)
            return self._image_result(self._scored([self._cut(rgb, found)])[0], rgb, started)

    def analyse_crop(self, rgb: RGBImage) -> AnalysisResult:
        """Judge a picture (H, W, 3) uint8 RGB that is a face crop as a whole; no detection, no enlargement."""
        started = time.monotonic()
        _require_rgb(rgb)
        height, width = rgb.shape[:2]
        whole: Box = (0.0, 0.0, float(width), float(height))
        picture = self._cut(rgb, [DetectedFace(whole, 1.0)], enlargement=1.0)
        return self._image_result(self._scored([picture])[0], rgb, started)

    def analyse_video(
        self,
        path: str | Path,
        frames: int = FRAMES,
        progress: Progress | None = None,
        *,
        seen: Seen | None = None,
        early: Early | None = None,
    ) -> AnalysisResult:
        """Judge every face on up to `frames` evenly spaced frames of a clip.

        Video-level: a track's logits averaged over its frames, then calibrated; the clip's probability and verdict are those of its most
        suspicious track. `progress` is told a fraction in [0, 1] and a phase, and may raise Cancelled to stop; `seen` is called with every
        judged `Frame`, in order, from another thread; `early` with the answer over the frames judged so far, while more
        are to come. Decoding, looking for faces and judging them go on side by side; a few frames are held at a time, however long the
        clip. Raises UnreadableMedia.
        """
        started = time.monotonic()
        judged: list[list[FaceResult]] = []
        sizes: list[tuple[int, int]] = []
        told: set[Caution] = set()

        def read() -> Generator[Frame]:
            with contextlib.closing(self._reader.frames(Path(path), frames, warn=told.add)) as found:
                for frame in found:
                    sizes.append((frame.rgb.shape[1], frame.rgb.shape[0]))
                    if seen:
                        seen(frame)
                    yield frame

        def find() -> Generator[list[Picture]]:
            with contextlib.closing(ahead(read(), _READ_AHEAD)) as given:
                for chunk in chunks(given):
                    yield self._found(chunk)

        if progress:
            progress(0.0, "reading")
        with self._runtime.visit(patience=CLIP_PATIENCE), contextlib.closing(ahead(find(), 1)) as found:
            for pictures in found:
                judged.extend(self._scored(pictures))
                if early and len(judged) < frames:
                    early(self._over_frames(judged, sizes, started, told))
                if progress:
                    progress(min(len(judged) / frames, 1.0), "judging")
        if progress:
            progress(1.0, "judging")
        return self._over_frames(judged, sizes, started, told)

    def analyse_file(
        self,
        path: str | Path,
        *,
        frames: int = FRAMES,
        cropped: bool = False,
        only: Kind | None = None,
        progress: Progress | None = None,
        seen: Seen | None = None,
        early: Early | None = None,
    ) -> AnalysisResult:
        """Judge a picture or clip, known by its content. A file that cannot be judged gives the outcome `rejected` with its code.

        `only` rejects the other kind; `cropped` takes a picture as a face crop and rejects clips; `seen` is called with the upright
        picture as a `Frame` at 0 seconds, or with every judged frame; `early` with what is known of a clip while it is judged.
        """
        started = time.monotonic()
        kind: Kind = "image"
        told: set[Caution] = set()
        try:
            kind = sniff_file(Path(path))
            if kind != (only or ("image" if cropped else kind)):
                raise UnreadableMedia(
                    "unsupported_type",
                    f"This is {'a video' if kind == 'video' else 'a picture'}, which was not asked for.",
                )
            if kind == "video":
                return self.analyse_video(path, frames, progress, seen=seen, early=early)
            rgb = self._reader.image(Path(path), warn=told.add)
            if seen:
                seen(Frame(rgb, 0.0))
            if progress:
                progress(0.3, "judging")
            result = self.analyse_crop(rgb) if cropped else self.analyse_image(rgb)
        except UnreadableMedia as error:
            return self._result(kind, "rejected", (), started, error=ErrorInfo(error.code, error.message))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, MemoryError) as error:
            logger.exception("a file could not be judged for a reason nobody foresaw")
            message = f"The file could not be judged ({type(error).__name__}). Please report it."
            return self._result(kind, "rejected", (), started, error=ErrorInfo("unforeseen", message))
        return dataclasses.replace(
            result, seconds=time.monotonic() - started, cautions=ordered_cautions(told)
        )

    def score_crops(self, crops: Sequence[RGBImage], *, flip: bool = True) -> Scores:
        """Logits and heatmaps of face crops (S, S, 3) uint8 RGB, S the model's input size."""
        return score_crops(self._runtime, crops, flip=flip)

    def consistency_map(self, rgb: RGBImage, face: FaceResult) -> Heatmap:
        """How like its most suspicious cell every cell of a face is (paper equation 6); a pass of its own, made only when asked for.

        `rgb` (H, W, 3) uint8 is the picture or frame this detector found `face` in. Values (S/4, S/4) float32 in [0, 1] over the heatmap's
        box; the anchor is the heatmap's peak. A real face is alike all over; in a fake only what was blended like the anchor is. Raises
        ValueError for a face without a heatmap.
        """
        _require_rgb(rgb)
        if face.heatmap is None:
            raise ValueError("a face without a heatmap has no consistency map")
        crop = crop_square(rgb, face.heatmap.box, self.config.input_size)
        with self._eager:
            values = consistency_values(self._model, crop, int(face.heatmap.values.argmax()))
        return Heatmap(values, face.heatmap.box)

    def _found(self, frames: Sequence[Frame]) -> list[Picture]:
        smallest = _NEARLY * self.decision.min_face_size
        found = find_faces(self._faces, frames, smallest=smallest)
        return [self._cut(frame.rgb, faces, frame.time) for frame, faces in zip(frames, found, strict=True)]

    def _scored(self, pictures: Sequence[Picture]) -> list[list[FaceResult]]:
        """Score all faces of some pictures in one batch; those too small stay without a score."""
        scores = self.score_crops([crop for picture in pictures for crop in picture.crops])
        order = iter(range(len(scores.fake_logit)))
        return [
            [
                _unjudged(face, picture.time)
                if square is None
                else self._face(face, picture.time, scores, square, next(order))
                for face, square in zip(picture.found, picture.squares, strict=True)
            ]
            for picture in pictures
        ]

    def _cut(
        self,
        rgb: RGBImage,
        found: Sequence[DetectedFace],
        time: float | None = None,
        enlargement: float = ENLARGEMENT,
    ) -> Picture:
        return cut(
            rgb,
            found,
            self.config.input_size,
            smallest=self.decision.min_face_size,
            enlargement=enlargement,
            time=time,
        )

    def _face(
        self, face: DetectedFace, at: float | None, scores: Scores, square: Box, index: int
    ) -> FaceResult:
        fake_logit = float(scores.fake_logit[index])
        fake_prob = fake_probability(fake_logit, self.decision)
        heatmap = Heatmap(scores.heatmap[index], square)
        return FaceResult(
            face.box,
            face.prob,
            fake_logit,
            fake_prob,
            verdict_of(fake_prob, self.decision),
            time=at,
            heatmap=heatmap,
        )

    def _image_result(self, faces: Sequence[FaceResult], rgb: RGBImage, started: float) -> AnalysisResult:
        probabilities = [face.fake_prob for face in faces if face.fake_prob is not None]
        size = (rgb.shape[1], rgb.shape[0])
        return self._result(
            "image", _outcome(faces), tuple(faces), started, max(probabilities, default=None), size
        )

    def _over_frames(
        self,
        judged: Sequence[Sequence[FaceResult]],
        sizes: Sequence[tuple[int, int]],
        started: float,
        told: Collection[Caution],
    ) -> AnalysisResult:
        """The answer to a clip of which these frames were judged."""
        tracks = link([[face.box for face in faces] for faces in judged])
        faces = [
            dataclasses.replace(face, track=number)
            for row, numbers in zip(judged, tracks, strict=True)
            for number, face in sorted(zip(numbers, row, strict=True), key=lambda pair: pair[0])
        ]
        result = self._video_result(faces, len(judged), sizes[0] if sizes else None, started)
        return dataclasses.replace(result, cautions=ordered_cautions(told))

    def _video_result(
        self, faces: Sequence[FaceResult], judged: int, size: tuple[int, int] | None, started: float
    ) -> AnalysisResult:
        tracks = aggregate_tracks(faces, self.decision)
        fake_prob = video_fake_prob(tracks, judged)
        return dataclasses.replace(
            self._result("video", _outcome(faces), tuple(faces), started, fake_prob, size), tracks=tracks
        )

    def _result(
        self,
        kind: Kind,
        outcome: Outcome,
        faces: tuple[FaceResult, ...],
        started: float,
        fake_prob: float | None = None,
        size: tuple[int, int] | None = None,
        error: ErrorInfo | None = None,
    ) -> AnalysisResult:
        verdict = None if fake_prob is None else verdict_of(fake_prob, self.decision)
        return AnalysisResult(
            kind,
            outcome,
            verdict,
            fake_prob,
            faces,
            self.info,
            time.monotonic() - started,
            error,
            size,
            runtime=self.runtime,
        )


def _require_rgb(rgb: RGBImage) -> None:
    if (
        not isinstance(rgb, np.ndarray)
        or rgb.dtype != np.uint8
        or rgb.ndim != 3
        or rgb.shape[2] != 3
        or not rgb.size
    ):
        found = f"{rgb.dtype} {rgb.shape}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise ValueError(f"a picture must be an array (H, W, 3) of uint8 RGB, not {found}")


def _unjudged(face: DetectedFace, at: float | None) -> FaceResult:
    return FaceResult(face.box, face.prob, None, None, None, time=at)


def _outcome(faces: Sequence[FaceResult]) -> Outcome:
    if not faces:
        return "no_face"
    return "verdict" if any(face.fake_logit is not None for face in faces) else "face_too_small"
