"""Detector of manipulated faces: photos, clips and files to calibrated verdicts with heatmaps."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from laanet_core.decision import (
    DecisionConfig,
    aggregate_tracks,
    fake_probability,
    picture_fake_prob,
    verdict_of,
    video_fake_prob,
)
from laanet_core.errors import UnreadableMedia
from laanet_core.faces.crops import ENLARGEMENT, crop_turned
from laanet_core.faces.detector import DetectedFace, FaceDetector
from laanet_core.faces.face_budget import FaceBudget
from laanet_core.faces.face_crops import FaceCrops, crop_faces, crop_upright
from laanet_core.faces.face_scaling import Size, in_original_pixels, scale_face, size_of
from laanet_core.faces.quality import AssessedFace, FaceAssessor, crop_roll
from laanet_core.faces.tracking import link
from laanet_core.faces.video_detector import detect_in_frames
from laanet_core.inference.consistency_map import consistency_values
from laanet_core.inference.scoring import Scores, score_crops, turn_heatmap
from laanet_core.inference.second_look import second_look, with_added
from laanet_core.inference.segments import clip_coverage, clip_segments
from laanet_core.media.frame_batches import batch_frames
from laanet_core.media.frame_selection import Passage
from laanet_core.media.images import sniff_file
from laanet_core.media.prefetch import prefetch
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
    Outcome,
    Progress,
    ProgressCallback,
    RuntimeInfo,
    Verdict,
    ignore_progress,
    ordered_cautions,
)
from laanet_core.runtimes.base import RuntimeChoice
from laanet_core.runtimes.batching import CLIP_PATIENCE, GATHER_SECONDS, BatchingRuntime
from laanet_core.runtimes.selection import open_runtime
from laanet_core.types import RGBImage

logger = logging.getLogger(__name__)

OnFrame = Callable[[Frame], None]
OnPartialResult = Callable[[AnalysisResult], None]

# Frames judged of a clip unless the caller asks for another number.
FRAMES = 32

# The face search in clips goes down to this share of the smallest size that is judged, so that faces just
# below it are reported as too small.
_SEARCHED_SHARE = 0.8

# Frames decoded before the face detector needs them.
_FRAMES_AHEAD = 2

# Seconds after which no more frames of a clip are judged.
_CLIP_SECONDS = 300.0

# Progress of a photo's analysis when the file is decoded.
_DECODED_FRACTION = 0.3


# Share of a clip's analysis that the first look is taken for; the second look is the rest.
_FIRST_LOOK_FRACTION = 0.9


@dataclass
class _JudgedClip:
    """Part of a clip that is judged so far.

    `started` is a monotonic time, `faces` and `passages` belong to the judged frames by time, `size` is the
    (width, height) of the first frame, `cautions` are those of the reader and of `budget`.
    """

    started: float
    faces: dict[float, list[FaceResult]] = field(default_factory=dict)
    passages: dict[float, Passage] = field(default_factory=dict)
    size: Size | None = None
    cautions: set[Caution] = field(default_factory=set)
    budget: FaceBudget = field(default_factory=lambda: FaceBudget(is_clip=True))

    @property
    def is_overdue(self) -> bool:
        """True if the time for the clip has ended."""
        return time.monotonic() - self.started > _CLIP_SECONDS

    @property
    def reached(self) -> float:
        """Share of the clip in [0, 1] up to the last judged frame's passage."""
        last = next(reversed(self.passages.values()), None)
        return 0.0 if last is None else min(last.end / max(last.clip_seconds, 1e-6), 1.0)


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
            faces = self._score([self._crop(rgb, self._detect(rgb), budget=budget)])[0]
        result = self._image_result(rgb, faces, started)
        return dataclasses.replace(result, cautions=("not_all_faces",)) if budget.is_exceeded else result

    def analyse_crop(self, rgb: RGBImage) -> AnalysisResult:
        """Judge a picture (H, W, 3) uint8 RGB that is a face crop as a whole, without face detection.

        Raises ValueError for an array of another shape or dtype.
        """
        started = time.monotonic()
        _require_rgb(rgb)
        height, width = rgb.shape[:2]
        whole = DetectedFace((0.0, 0.0, float(width), float(height)), 1.0)
        return self._image_result(rgb, self.score_faces(rgb, [whole], enlargement=1.0), started)

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
        clip = _JudgedClip(time.monotonic())
        report(Progress(0.0, "reading"))
        with self._runtime.visit(patience=CLIP_PATIENCE):
            source = self._reader.frames(Path(path), frames, warn=clip.cautions.add)
            for _ in self._judge(source, clip, on_frame):
                if on_partial_result and clip.reached < 1:
                    on_partial_result(self._clip_result(clip))
                report(Progress(_FIRST_LOOK_FRACTION * clip.reached, "judging"))
                if clip.is_overdue:
                    clip.cautions.add("not_all_frames")
                    break
            added = second_look(self._tracked_faces(clip), clip.passages, frames)
            if added and not clip.is_overdue:
                clip.passages = with_added(clip.passages, added)
                again = self._reader.frames_at(Path(path), list(added))
                for judged in self._judge(_placed(again, clip.passages), clip, on_frame):
                    done = judged / len(added)
                    report(Progress(_FIRST_LOOK_FRACTION + (1 - _FIRST_LOOK_FRACTION) * done, "judging"))
                    if clip.is_overdue:
                        clip.cautions.add("not_all_frames")
                        break
                clip.passages = {at: passage for at, passage in clip.passages.items() if at in clip.faces}
        report(Progress(1.0, "judging"))
        return self._clip_result(clip)

    def _judge(self, source: Generator[Frame], clip: _JudgedClip, on_frame: OnFrame | None) -> Generator[int]:
        """Add the faces of a clip's frames to `clip`; yield the number of judged frames after each batch.

        Three threads: `prefetch` runs each generator in one of its own, and the caller's thread scores.
        """

        def read_frames() -> Generator[Frame]:
            with contextlib.closing(source):
                for frame in source:
                    clip.size = clip.size or size_of(frame.rgb)
                    if on_frame:
                        on_frame(frame)
                    yield frame

        def crop_frames() -> Generator[list[tuple[Passage, Size, FaceCrops]]]:
            with contextlib.closing(prefetch(read_frames(), _FRAMES_AHEAD)) as frames:
                for batch in batch_frames(frames):
                    crops = self._crop_frames(batch, clip.budget)
                    places = [(_passage_of(frame), size_of(frame.rgb)) for frame in batch]
                    yield [(*place, cropped) for place, cropped in zip(places, crops, strict=True)]

        judged = 0
        with contextlib.closing(prefetch(crop_frames(), 1)) as batches:
            for batch in batches:
                faces_of_frames = self._score([crops for _, _, crops in batch])
                for (passage, size, crops), faces in zip(batch, faces_of_frames, strict=True):
                    assert crops.time is not None
                    # Players show frames of another size as large as the first one.
                    clip.faces[crops.time] = [scale_face(face, size, clip.size or size) for face in faces]
                    clip.passages[crops.time] = passage
                judged += len(batch)
                yield judged

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
        converts the result's faces to its pixels. The other parameters are those of `analyse_video`.
        """
        started = time.monotonic()
        kind: Kind = "image"
        cautions: set[Caution] = set()
        try:
            kind = sniff_file(Path(path))
            if cropped and only is None:
                only = "image"
            _require_kind(kind, only)
            if kind == "video":
                return self.analyse_video(
                    path, frames, progress, on_frame=on_frame, on_partial_result=on_partial_result
                )
            picture = self._reader.picture(Path(path), warn=cautions.add)
            if on_frame:
                on_frame(Frame(picture.rgb, 0.0))
            if progress:
                progress(Progress(_DECODED_FRACTION, "judging"))
            judge = self.analyse_crop if cropped else self.analyse_image
            result = in_original_pixels(judge(picture.rgb), picture.size)
        except UnreadableMedia as error:
            return self._rejected(kind, ErrorInfo(error.code, error.message), started)
        except MemoryError:
            logger.exception("a file needs more memory than there is")
            message = "Decoding the file takes more memory than there is. Save it smaller."
            return self._rejected(kind, ErrorInfo("decoding_too_large", message), started)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            logger.exception("a file could not be judged because of an unexpected error")
            message = f"The file could not be judged ({type(error).__name__}). Please report it."
            return self._rejected(kind, ErrorInfo("unforeseen", message), started)
        seconds = time.monotonic() - started
        cautions.update(result.cautions)
        return dataclasses.replace(result, seconds=seconds, cautions=ordered_cautions(cautions))

    def score_faces(
        self, rgb: RGBImage, faces: Sequence[DetectedFace], *, enlargement: float = ENLARGEMENT
    ) -> list[FaceResult]:
        """Judge faces whose boxes are known, on an upright picture (H, W, 3) uint8 RGB.

        The crop of a face is `enlargement` times its box's longer side. Faces that are too small get no
        score.
        """
        return self._score([self._crop(rgb, faces, enlargement=enlargement)])[0]

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
        crops = [self._crop_again(rgb, face) for face in faces]
        for face, (result,) in zip(faces, self._score(crops), strict=True):
            scored_again.append(dataclasses.replace(result, track=face.track))
        return scored_again

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
        roll = crop_roll(face.quality)
        crop = crop_turned(rgb, face.heatmap.box, self.config.input_size, roll)
        anchor = int(turn_heatmap(face.heatmap.values, -roll).argmax())
        with self._consistency_lock:
            values = consistency_values(self.model, crop, anchor)
        return Heatmap(turn_heatmap(values, roll), face.heatmap.box)

    def _detect(self, rgb: RGBImage) -> list[DetectedFace]:
        return self._face_detector.detect(rgb, min_face_size=self.decision.min_face_size)

    def _crop_frames(self, frames: Sequence[Frame], budget: FaceBudget) -> list[FaceCrops]:
        """Detect and crop the faces of neighbouring frames of one size."""
        smallest = _SEARCHED_SHARE * self.decision.min_face_size
        faces_of_frames = detect_in_frames(self._face_detector, frames, min_face_size=smallest)
        return [
            self._crop(frame.rgb, faces, frame_time=frame.time, budget=budget)
            for frame, faces in zip(frames, faces_of_frames, strict=True)
        ]

    def _crop(
        self,
        rgb: RGBImage,
        faces: Sequence[DetectedFace],
        *,
        frame_time: float | None = None,
        enlargement: float = ENLARGEMENT,
        budget: FaceBudget | None = None,
    ) -> FaceCrops:
        return crop_faces(
            rgb,
            faces,
            self.config.input_size,
            self._assessor,
            min_face_size=self.decision.min_face_size,
            enlargement=enlargement,
            time=frame_time,
            budget=budget,
        )

    def _crop_again(self, rgb: RGBImage, face: FaceResult) -> FaceCrops:
        """Crop a face of an earlier result as it was judged."""
        detected = DetectedFace(face.box, face.detection_prob)
        assessed = [AssessedFace(detected, face.quality, face.not_judged)]
        if face.not_judged is not None:
            return FaceCrops(assessed, [None], [], face.time)
        square, crop = crop_upright(rgb, face.box, face.quality, self.config.input_size, self._assessor)
        return FaceCrops(assessed, [square], [crop], face.time)

    def _score(self, pictures: Sequence[FaceCrops]) -> list[list[FaceResult]]:
        """Score the faces of several pictures together; faces that are too small get no score."""
        scores = self.score_crops([crop for picture in pictures for crop in picture.crops])
        # One score per crop, in order; a face that is too small has no square and no crop.
        remaining_scores = zip(
            scores.fake_logit.tolist(), scores.unmirrored_logit.tolist(), scores.heatmap, strict=True
        )
        results: list[list[FaceResult]] = []
        for picture in pictures:
            faces: list[FaceResult] = []
            for assessed, square in zip(picture.faces, picture.squares, strict=True):
                if square is None:
                    faces.append(_unjudged_face(assessed, picture.time))
                    continue
                fake_logit, unmirrored_logit, heatmap = next(remaining_scores)
                upright = Heatmap(turn_heatmap(heatmap, crop_roll(assessed.quality)), square)
                result = self._face_result(assessed, fake_logit, upright, picture.time)
                faces.append(dataclasses.replace(result, unmirrored_logit=unmirrored_logit))
            results.append(faces)
        return results

    def _face_result(
        self, assessed: AssessedFace, fake_logit: float, heatmap: Heatmap, frame_time: float | None
    ) -> FaceResult:
        face = assessed.face
        fake_prob = fake_probability(fake_logit, self.decision)
        return FaceResult(
            face.box,
            face.prob,
            fake_logit,
            fake_prob,
            verdict_of(fake_prob, self.decision),
            time=frame_time,
            heatmap=heatmap,
            quality=assessed.quality,
        )

    def _image_result(self, rgb: RGBImage, faces: Sequence[FaceResult], started: float) -> AnalysisResult:
        fake_prob = picture_fake_prob(faces, self.decision)
        return AnalysisResult(
            kind="image",
            outcome=_outcome(faces),
            verdict=self._verdict(fake_prob),
            fake_prob=fake_prob,
            faces=tuple(faces),
            model=self.info,
            seconds=time.monotonic() - started,
            size=(rgb.shape[1], rgb.shape[0]),
            runtime=self.runtime,
        )

    def _clip_result(self, clip: _JudgedClip) -> AnalysisResult:
        """Track the faces through the judged frames and aggregate their scores.

        The result lists the faces by frame and, within a frame, by track.
        """
        faces = self._tracked_faces(clip)
        tracks = aggregate_tracks(faces, self.decision)
        segments = clip_segments(faces, clip.passages, self.decision)
        fake_prob = video_fake_prob(tracks, len(clip.faces), self.decision, segments)
        if clip.budget.is_exceeded:
            clip.cautions.add("not_all_faces")
        return AnalysisResult(
            kind="video",
            outcome=_outcome(faces),
            verdict=self._verdict(fake_prob),
            fake_prob=fake_prob,
            faces=tuple(faces),
            model=self.info,
            seconds=time.monotonic() - clip.started,
            size=clip.size,
            tracks=tracks,
            runtime=self.runtime,
            cautions=ordered_cautions(clip.cautions),
            segments=segments,
            coverage=clip_coverage(clip.passages.values()),
        )

    def _tracked_faces(self, clip: _JudgedClip) -> list[FaceResult]:
        """Return the judged frames' faces with the numbers of their tracks, in order of time and track."""
        times = sorted(clip.faces)
        boxes = [[face.box for face in clip.faces[at]] for at in times]
        track_numbers = link(boxes, [clip.passages[at].shot for at in times])
        faces: list[FaceResult] = []
        for at, numbers in zip(times, track_numbers, strict=True):
            for number, face in sorted(zip(numbers, clip.faces[at], strict=True), key=lambda pair: pair[0]):
                faces.append(dataclasses.replace(face, track=number))
        return faces

    def _rejected(self, kind: Kind, error: ErrorInfo, started: float) -> AnalysisResult:
        return AnalysisResult(
            kind=kind,
            outcome="rejected",
            verdict=None,
            fake_prob=None,
            faces=(),
            model=self.info,
            seconds=time.monotonic() - started,
            error=error,
            runtime=self.runtime,
        )

    def _verdict(self, fake_prob: float | None) -> Verdict | None:
        return None if fake_prob is None else verdict_of(fake_prob, self.decision)


def _passage_of(frame: Frame) -> Passage:
    if frame.passage is None:
        raise ValueError("a reader's frames must have their passages")
    return frame.passage


def _placed(frames: Generator[Frame], passages: Mapping[float, Passage]) -> Generator[Frame]:
    """Yield the frames with their passages."""
    with contextlib.closing(frames):
        for frame in frames:
            yield dataclasses.replace(frame, passage=passages[frame.time])


def _require_rgb(rgb: RGBImage) -> None:
    if not isinstance(rgb, np.ndarray):
        raise ValueError(f"a picture must be an array (H, W, 3) of uint8 RGB, not {type(rgb).__name__}")
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise ValueError(f"a picture must be an array (H, W, 3) of uint8 RGB, not {rgb.dtype} {rgb.shape}")


def _require_kind(kind: Kind, only: Kind | None) -> None:
    if only is not None and kind != only:
        name = "a video" if kind == "video" else "a picture"
        raise UnreadableMedia("unsupported_type", f"This is {name}, which was not asked for.")


def _unjudged_face(assessed: AssessedFace, frame_time: float | None) -> FaceResult:
    return FaceResult(
        assessed.face.box,
        assessed.face.prob,
        None,
        None,
        None,
        time=frame_time,
        quality=assessed.quality,
        not_judged=assessed.not_judged,
    )


def _outcome(faces: Sequence[FaceResult]) -> Outcome:
    if all(face.not_judged == "not_a_face" for face in faces):
        return "no_face"
    return "verdict" if any(face.is_judged for face in faces) else "face_too_small"
