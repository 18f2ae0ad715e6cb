"""Overlay video: a clip with boxes and heatmaps on every frame, as an MP4 that browsers play."""

from __future__ import annotations

import bisect
import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from laanet_core.faces.face_scaling import scale_face
from laanet_core.inference.overlay import draw_box, draw_heat
from laanet_core.media.reader import IN_PROCESS, Reader
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult, FaceResult, Heatmap, Progress, ProgressCallback, Verdict
from laanet_core.types import Box, RGBImage

LONGEST_SIDE = 960
SECONDS = 60.0
# Encoders in order of preference; the first one that PyAV has is used. Browsers play all but the last.
# None has B frames, which would change for how long frames are shown.
ENCODERS: Mapping[str, Mapping[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "23", "g": "60", "bf": "0"},
    "libopenh264": {"b": "3000000", "g": "60"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "crf": "34", "b": "0", "g": "60"},
    "mpeg4": {"b": "4000000"},
}
# Ticks per second. At 24, 25, 29.97 and 30 frames per second a frame lasts a whole number of ticks. MPEG-4
# allows no more than 65,535.
_TICKS = 30_000

# Seconds between two judged frames; over a longer gap a straight line would be a guess.
_MAX_GAP = 5.0

# Longest time in seconds for which a box stays where the face was judged last.
_MAX_REACH = 1.0

# Seconds between judged frames that are assumed if there is only one.
_LONE_INTERVAL = 1.0

# FFmpeg's numbers of the limited colour range, and of the colours of HD television.
_LIMITED, _BT709 = 1, 1


@dataclass(frozen=True)
class _Track:
    """One person's judged faces by time, in pixels of the overlay video, with the track's verdict."""

    label: str
    verdict: Verdict | None
    times: tuple[float, ...]
    faces: tuple[FaceResult, ...]

    def at(self, time: float, reach: float) -> tuple[FaceResult, float] | None:
        """Return the face at a time and the relative opacity of its heat; None if the face is absent.

        The opacity is 1 at a judged frame and falls to 0.5 half-way between two. Before the first, after the
        last and in a gap longer than _MAX_GAP it falls to 0.5 at `reach` seconds. Beyond that the face is
        absent.
        """
        following = bisect.bisect_right(self.times, time)
        before = max(following - 1, 0)
        after = min(following, len(self.times) - 1)
        # Before the first judged frame, and after the last one, both indices are the same.
        gap = self.times[after] - self.times[before]
        if 0 < gap <= _MAX_GAP:
            share = (time - self.times[before]) / gap
            nearer_face = self.faces[before if share < 0.5 else after]
            edges = zip(self.faces[before].box, self.faces[after].box, strict=True)
            x1, y1, x2, y2 = (start + (end - start) * share for start, end in edges)
            return _moved(nearer_face, (x1, y1, x2, y2), self.verdict), max(share, 1 - share)
        nearest = min((before, after), key=lambda index: abs(self.times[index] - time))
        distance = abs(self.times[nearest] - time)
        if distance > reach:
            return None
        face = self.faces[nearest]
        return _moved(face, face.box, self.verdict), 1 - 0.5 * distance / reach


def write_overlay_clip(
    source: Path,
    result: AnalysisResult,
    target: Path,
    *,
    progress: ProgressCallback | None = None,
    longest_side: int = LONGEST_SIDE,
    seconds: float = SECONDS,
    reader: Reader = IN_PROCESS,
) -> None:
    """Write a clip's first `seconds` with its overlay to `target`, an MP4 (H.264, yuv420p) ready to stream.

    `result` is this clip's analysis by `Detector.analyse_video`. A box shows the track's number plus 1, in
    the colour of the track's verdict. Faces are known at the judged frames only. Between two of them the box
    moves in a straight line, and the heat of the nearer frame fades to half its opacity.

    The frames (H, W, 3) are upright. The longer side has at most `longest_side` pixels, both sides are
    even, and there are at most 33 frames per second. Sound and metadata of the source are dropped. Memory
    does not grow with the clip's length.

    `progress` may raise Cancelled to stop. `target` appears once it is complete; nothing remains of an
    unfinished one. Raises UnreadableMedia for a source that cannot be read, ValueError for a result that is
    not of a judged clip.
    """
    if result.kind != "video" or result.size is None:
        raise ValueError("only a clip that was judged can be drawn on")
    if longest_side < 2 or seconds <= 0:
        raise ValueError(f"a clip needs at least 2 pixels and some seconds, not {longest_side} and {seconds}")
    size = _even_size(result.size, longest_side)
    tracks = _tracks(result, size)
    reach = _reach(result)
    if progress:
        progress(Progress(0.0, "reading"))
    length = min(reader.length(source), seconds)
    partial = target.with_name(f"{target.name}.part")
    try:
        with (
            _encoder(partial, size, length) as write,
            contextlib.closing(reader.film(source, size=size, seconds=seconds)) as pictures,
        ):
            for picture in pictures:
                _draw(picture, tracks, reach)
                write(picture)
                if progress:
                    fraction = min(picture.time / length, 1.0) if length > 0 else 1.0
                    progress(Progress(fraction, "drawing"))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    if progress:
        progress(Progress(1.0, "drawing"))


def _even_size(size: tuple[int, int], longest_side: int) -> tuple[int, int]:
    """Return (width, height), shrunk to the longest side and rounded to even numbers, which yuv420p needs."""
    scale = min(longest_side / max(size), 1.0)
    width, height = (max(2 * int(side * scale / 2), 2) for side in size)
    return width, height


def _tracks(result: AnalysisResult, size: tuple[int, int]) -> list[_Track]:
    """Return the result's faces by track, in pixels of the overlay video."""
    assert result.size is not None
    verdicts = {track.track: track.verdict for track in result.tracks}
    rows: dict[int, list[tuple[float, FaceResult]]] = {}
    for face in result.faces:
        if face.track is not None and face.time is not None:
            rows.setdefault(face.track, []).append((face.time, scale_face(face, result.size, size)))
    tracks: list[_Track] = []
    for number, row in sorted(rows.items()):
        times, faces = zip(*sorted(row, key=lambda pair: pair[0]), strict=True)
        tracks.append(_Track(str(number + 1), verdicts.get(number), times, faces))
    return tracks


def _reach(result: AnalysisResult) -> float:
    """Return the seconds for which a face is drawn before and after a judged frame.

    This is half the median time between judged frames plus 0.05 s (about one frame), at most _MAX_REACH. A
    single judged frame counts as one of frames that are _LONE_INTERVAL apart.
    """
    times = sorted({face.time for face in result.faces if face.time is not None})
    usual = float(np.median(np.diff(times))) if len(times) > 1 else _LONE_INTERVAL
    return min(usual / 2 + 0.05, _MAX_REACH)


def _moved(face: FaceResult, box: Box, verdict: Verdict | None) -> FaceResult:
    """Return a face with another box and verdict, its heatmap moved and scaled along with the box."""
    if face.heatmap is None:
        return dataclasses.replace(face, box=box, verdict=verdict)
    old, square = face.box, face.heatmap.box
    # A heatmap's square is a multiple of the longer side of the face's box (`enlarge_to_square`).
    scale = max(box[2] - box[0], box[3] - box[1]) / max(old[2] - old[0], old[3] - old[1])
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    old_x, old_y = (old[0] + old[2]) / 2, (old[1] + old[3]) / 2
    moved_square = (
        x + (square[0] - old_x) * scale,
        y + (square[1] - old_y) * scale,
        x + (square[2] - old_x) * scale,
        y + (square[3] - old_y) * scale,
    )
    heatmap = Heatmap(face.heatmap.values, moved_square)
    return dataclasses.replace(face, box=box, verdict=verdict, heatmap=heatmap)


def _draw(picture: Frame, tracks: list[_Track], reach: float) -> None:
    """Draw the faces into a frame, in place: first all heat, then the boxes, so that no heat covers a box."""
    boxes: list[tuple[FaceResult, str]] = []
    for track in tracks:
        position = track.at(picture.time, reach)
        if position is not None:
            face, opacity = position
            draw_heat(picture.rgb, face, opacity=0.6 * opacity)
            boxes.append((face, track.label))
    for face, label in boxes:
        draw_box(picture.rgb, face, label)


@contextlib.contextmanager
def _encoder(target: Path, size: tuple[int, int], length: float) -> Iterator[Callable[[Frame], None]]:
    """Yield a function that appends a frame; the file is complete when the context ends without an error.

    The last frame is shown until `length` in seconds.
    """
    name = next(name for name in ENCODERS if name in av.codecs_available)
    # faststart puts the index first; bitexact leaves out the writer's name and the date.
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(target.absolute()), "w", format="mp4", options=options) as container:
        stream: Any = container.add_stream(name, rate=30, options=dict(ENCODERS[name]))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, _TICKS)
        context.color_range = _LIMITED
        context.colorspace = context.color_primaries = context.color_trc = _BT709

        last: list[Any] = []

        def mux(packets: list[Any]) -> None:
            """Write the packets but the last one, which waits until its duration is known."""
            last.extend(packets)
            container.mux(last[:-1])
            del last[:-1]

        def write(picture: Frame) -> None:
            mux(stream.encode(_encodable(picture.rgb, picture.time)))

        yield write
        mux(stream.encode())
        for packet in last:
            ticks = round(length / packet.time_base) - packet.pts
            packet.duration = max(ticks, packet.duration or 1)
            container.mux(packet)


def _encodable(rgb: RGBImage, time: float) -> av.VideoFrame:
    # The colour space is stated because players would otherwise guess it by the size.
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
        format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG", threads=1
    )
    frame.pts = round(_TICKS * time)
    frame.time_base = Fraction(1, _TICKS)
    return frame
