"""Analysis of clips: chosen frames are decoded, searched and scored in parallel, in two looks."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from laanet_core.faces.detector import FaceDetector
from laanet_core.faces.face_budget import FaceBudget
from laanet_core.faces.face_crops import FaceCrops
from laanet_core.faces.face_scaling import Size, scale_face, size_of
from laanet_core.faces.video_detector import detect_in_frames
from laanet_core.inference.face_scoring import FaceScorer
from laanet_core.inference.file_results import FileResults
from laanet_core.inference.judged_clip import JudgedClip
from laanet_core.inference.second_look import second_look, with_added
from laanet_core.media.frame_batches import batch_frames
from laanet_core.media.frame_selection import Passage
from laanet_core.media.interruption import checkpoint
from laanet_core.media.prefetch import prefetch
from laanet_core.media.reader import Reader
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult, Progress, ProgressCallback

OnFrame = Callable[[Frame], None]
OnPartialResult = Callable[[AnalysisResult], None]

# Frames judged of a clip unless the caller asks for another number.
FRAMES = 32

# The face search in clips goes down to this share of the smallest size that is judged, so that faces just
# below it are reported as too small.
_SEARCHED_SHARE = 0.8

# Frames decoded before the face detector needs them.
_FRAMES_AHEAD = 2

# Share of a clip's analysis that the first look is taken for; the second look is the rest.
_FIRST_LOOK_FRACTION = 0.9


@dataclass(frozen=True)
class ClipAnalyser:
    """Analysis of clips by one detector's parts: `Detector.analyse_video` describes it. Thread-safe."""

    reader: Reader
    face_detector: FaceDetector
    scorer: FaceScorer
    results: FileResults

    def analyse(
        self,
        path: Path,
        frames: int,
        report: ProgressCallback,
        *,
        on_frame: OnFrame | None = None,
        on_partial_result: OnPartialResult | None = None,
    ) -> AnalysisResult:
        """Judge every face on chosen frames, then aggregate per track and passage.

        The first look takes up to `frames` frames and a bounded number in addition, the second look up to
        `frames` more. Raises UnreadableMedia.
        """
        clip = JudgedClip(time.monotonic())
        source = self.reader.frames(path, frames, warn=clip.cautions.add)
        for _ in self._judge(source, clip, on_frame):
            if on_partial_result and clip.reached < 1:
                on_partial_result(self.results.clip(clip))
            report(Progress(_FIRST_LOOK_FRACTION * clip.reached, "judging"))
            if clip.is_overdue:
                clip.cautions.add("not_all_frames")
                break
        self._look_again(path, frames, clip, report, on_frame)
        return self.results.clip(clip)

    def _look_again(
        self, path: Path, frames: int, clip: JudgedClip, report: ProgressCallback, on_frame: OnFrame | None
    ) -> None:
        """Judge the frames that `second_look` adds, unless the clip's time has ended."""
        added = second_look(clip.tracked_faces(), clip.passages, frames)
        if not added:
            return
        if clip.is_overdue:
            clip.cautions.add("not_all_frames")
            return
        clip.passages = with_added(clip.passages, added)
        source = self.reader.frames_at(path, list(added))
        for judged in self._judge(_placed(source, clip.passages), clip, on_frame):
            done = judged / len(added)
            report(Progress(_FIRST_LOOK_FRACTION + (1 - _FIRST_LOOK_FRACTION) * done, "judging"))
            if clip.is_overdue:
                clip.cautions.add("not_all_frames")
                break
        clip.passages = {at: passage for at, passage in clip.passages.items() if at in clip.faces}

    def _judge(self, source: Generator[Frame], clip: JudgedClip, on_frame: OnFrame | None) -> Generator[int]:
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
                checkpoint()
                faces_of_frames = self.scorer.score([crops for _, _, crops in batch])
                for (passage, size, crops), faces in zip(batch, faces_of_frames, strict=True):
                    assert crops.time is not None
                    # Players show frames of another size as large as the first one.
                    clip.faces[crops.time] = [scale_face(face, size, clip.size or size) for face in faces]
                    clip.passages[crops.time] = passage
                judged += len(batch)
                yield judged

    def _crop_frames(self, frames: Sequence[Frame], budget: FaceBudget) -> list[FaceCrops]:
        """Detect and crop the faces of neighbouring frames of one size."""
        smallest = _SEARCHED_SHARE * self.results.decision.min_face_size
        faces_of_frames = detect_in_frames(self.face_detector, frames, min_face_size=smallest)
        return [
            self.scorer.crop(frame.rgb, faces, frame_time=frame.time, budget=budget)
            for frame, faces in zip(frames, faces_of_frames, strict=True)
        ]


def _passage_of(frame: Frame) -> Passage:
    if frame.passage is None:
        raise ValueError("a reader's frames must have their passages")
    return frame.passage


def _placed(frames: Generator[Frame], passages: Mapping[float, Passage]) -> Generator[Frame]:
    """Yield the frames with their passages."""
    with contextlib.closing(frames):
        for frame in frames:
            yield dataclasses.replace(frame, passage=passages[frame.time])
