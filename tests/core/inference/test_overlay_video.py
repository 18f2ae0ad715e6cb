from __future__ import annotations

import dataclasses
import itertools
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from laanet_core.errors import Cancelled, UnreadableMedia
from laanet_core.inference import overlay_video as overlay_clip
from laanet_core.inference.detector import Detector
from laanet_core.inference.overlay import draw_box, draw_heat, draw_overlay
from laanet_core.inference.overlay_video import write_overlay_clip
from laanet_core.media.images import read_image
from laanet_core.media.video import read_frames, read_length
from laanet_core.results import AnalysisResult, FaceResult, Heatmap, ModelInfo, Progress, TrackResult, Verdict
from laanet_core.types import Box
from tests.core.clips import write_clip, write_sound

GREY = np.full((120, 200, 3), 128, np.uint8)


def face(time: float, box: Box, *, track: int = 0, heat: float = 1.0) -> FaceResult:
    """A face with a hot spot in the middle of its square, which is the box itself."""
    values = np.zeros((56, 56), np.float32)
    values[18:38, 18:38] = heat
    return FaceResult(box, 1.0, 3.0, 0.9, "fake", time=time, track=track, heatmap=Heatmap(values, box))


def result(
    *faces: FaceResult, size: tuple[int, int] = (200, 120), verdict: Verdict = "fake"
) -> AnalysisResult:
    tracks = tuple(
        TrackResult(number, 1, 3.0, 0.9, verdict) for number in sorted({face.track or 0 for face in faces})
    )
    return AnalysisResult(
        "video", "verdict", verdict, 0.9, faces, ModelInfo("m", "1", "0"), 0.1, None, size, tracks
    )


def decoded(path: Path) -> list[tuple[float, npt.NDArray[np.int16]]]:
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0), frame.to_ndarray(format="rgb24").astype(np.int16))
            for frame in container.decode(video=0)
        ]


def box_columns(pixels: npt.NDArray[np.int16]) -> tuple[int, int]:
    """First and last column with the orange of a fake's box."""
    orange = (pixels[..., 0] > 170) & (pixels[..., 1] < 110) & (pixels[..., 2] < 80)
    columns = np.nonzero(orange.sum(axis=0) > 5)[0]
    return int(columns.min()), int(columns.max())


def turned(clip: Path, matrix: tuple[int, ...]) -> None:
    """Give an mp4 a rotation in its track header."""
    content = bytearray(clip.read_bytes())
    place = content.index(b"tkhd") + 44
    content[place : place + 36] = struct.pack(
        ">9i", *(value << (30 if n % 3 == 2 else 16) for n, value in enumerate(matrix))
    )
    clip.write_bytes(content)


def test_overlay_clip_plays_in_browsers(detector: Detector, samples: Path, tmp_path: Path) -> None:
    left = cv2.resize(read_image(samples / "astronaut.png"), (353, 353), interpolation=cv2.INTER_AREA)[
        :, :300
    ]
    right = cv2.resize(
        read_image(samples / "official_portrait_2012.jpg"), (301, 353), interpolation=cv2.INTER_AREA
    )
    rgb = np.hstack([left, right])
    clip = write_clip(tmp_path / "clip.mkv", [np.roll(rgb, 3 * number, axis=1) for number in range(12)])
    analysis = detector.analyse_video(clip, 4)
    # The colour of the boxes is that of the verdict.
    tracks = tuple(dataclasses.replace(track, verdict="real") for track in analysis.tracks)
    analysis = dataclasses.replace(analysis, tracks=tracks)
    fractions: list[float] = []
    target = tmp_path / "drawn.mp4"
    write_overlay_clip(clip, analysis, target, progress=lambda report: fractions.append(report.fraction))
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mkv", "drawn.mp4"]
    content = target.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(target)) as container:
        (stream,) = container.streams
        context: Any = stream.codec_context
        assert (context.name, context.pix_fmt, context.width, context.height) == ("h264", "yuv420p", 600, 352)
    originals = [frame.rgb for frame in read_frames(clip, 100)]
    drawn = decoded(target)
    assert [time for time, _ in drawn] == pytest.approx([number / 10 for number in range(12)], abs=0.001)
    for (_, pixels), original in zip(drawn, originals, strict=True):
        difference = np.abs(pixels - cv2.resize(original, (600, 352), interpolation=cv2.INTER_AREA)).max(
            axis=2
        )
        assert np.median(difference) < 10  # the picture is there, in its colours
        green = (np.abs(pixels - (0, 140, 110)).max(axis=2) < 45) & (difference > 40)
        assert green.sum() > 500  # and so are the boxes of two real people
        assert green[:, :300].sum() > 200
        assert green[:, 300:].sum() > 200


def test_boxes_move_in_a_straight_line_and_heat_fades_half_way(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [GREY] * 21)
    target = tmp_path / "drawn.mp4"
    write_overlay_clip(clip, result(face(0.0, (20, 40, 70, 90)), face(2.0, (120, 40, 170, 90))), target)
    drawn = decoded(target)
    assert len(drawn) == 21
    for time, pixels in drawn:
        left, right = box_columns(pixels)
        assert (left + right) / 2 == pytest.approx(45 + 50 * time, abs=2)
        assert right - left == pytest.approx(54, abs=3)
    heat = [float(np.abs(pixels[65, round(45 + 50 * time)] - 128).max()) for time, pixels in drawn]
    assert heat[0] == pytest.approx(heat[20], abs=8)
    assert heat[10] == pytest.approx(heat[0] / 2, abs=8)
    assert all(earlier > later - 4 for earlier, later in itertools.pairwise(heat[:11]))


def test_face_is_drawn_only_near_its_judged_times(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [GREY] * 100)
    target = tmp_path / "drawn.mp4"
    write_overlay_clip(clip, result(face(1.0, (20, 40, 70, 90)), face(8.0, (120, 40, 170, 90))), target)
    times = [round(time, 1) for time, pixels in decoded(target) if np.abs(pixels - 128).max() > 60]
    assert times == [*(n / 10 for n in range(21)), *(n / 10 for n in range(70, 91))]


def test_boxes_have_the_colour_and_number_of_their_track(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [GREY])
    faces = (face(0.0, (20, 40, 70, 90), heat=0), face(0.0, (120, 40, 170, 90), track=1, heat=0))
    analysis = dataclasses.replace(
        result(*faces, verdict="real"), tracks=(TrackResult(0, 1, -3.0, 0.1, "real"),)
    )
    write_overlay_clip(clip, analysis, tmp_path / "drawn.mp4")
    expected = GREY.copy()
    for number, (each, verdict) in enumerate(zip(faces, ("real", None), strict=True), start=1):
        draw_box(expected, dataclasses.replace(each, verdict=verdict), str(number))  # type: ignore[arg-type]
    ((_, pixels),) = decoded(tmp_path / "drawn.mp4")
    assert np.abs(pixels - expected).mean() < 3
    swapped = expected[:, ::-1]
    assert np.abs(pixels - swapped).mean() > 10


def test_turned_clips_are_drawn_upright(tmp_path: Path) -> None:
    picture = GREY.copy()
    picture[:60, :100] = (250, 250, 40)  # left above as stored
    clip = write_clip(tmp_path / "clip.mp4", [picture] * 3)
    turned(clip, (0, 1, 0, -1, 0, 0, 0, 0, 1))
    (upright, *_) = read_frames(clip, 1)
    assert upright.rgb.shape == (200, 120, 3)
    target = tmp_path / "drawn.mp4"
    write_overlay_clip(clip, result(face(0.0, (20, 120, 60, 160)), size=(120, 200)), target, longest_side=100)
    pixels = decoded(target)[0][1]
    assert pixels.shape == (100, 60, 3)
    above = cv2.resize(upright.rgb, (60, 100), interpolation=cv2.INTER_AREA)[
        :32
    ]  # the box and its label begin below
    assert np.abs(pixels[:32] - above).mean() < 6
    left, right = box_columns(pixels)
    assert (left, right) == pytest.approx((10, 30), abs=3)


def test_long_fast_and_uneven_clips(tmp_path: Path) -> None:
    target = tmp_path / "drawn.mp4"
    clip = write_clip(tmp_path / "long.mkv", [GREY] * 40)
    write_overlay_clip(clip, result(), target, seconds=1.5)
    assert [time for time, _ in decoded(target)] == pytest.approx([n / 10 for n in range(16)], abs=0.001)
    clip = write_clip(tmp_path / "fast.mkv", [GREY] * 60, times=[n / 60 for n in range(60)])
    write_overlay_clip(clip, result(), target)
    assert [time for time, _ in decoded(target)] == pytest.approx([n / 30 for n in range(30)], abs=0.002)
    times = [0.0, 0.1, 0.5, 0.6, 1.9]
    clip = write_clip(tmp_path / "uneven.mkv", [GREY] * 5, times=times)
    write_overlay_clip(clip, result(), target)
    assert [time for time, _ in decoded(target)] == pytest.approx(times, abs=0.001)


def durations(path: Path) -> list[float]:
    """Return the seconds for which each frame is shown, by the packets of a file without B frames."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
        assert all(packet.pts == packet.dts for packet in packets)
        return [float((packet.duration or 0) * packet.time_base) for packet in packets]


@pytest.mark.parametrize("seconds", [1.0, 7.0, 30.0])
@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx")]
)
def test_long_shown_frames_keep_their_duration(tmp_path: Path, name: str, codec: str, seconds: float) -> None:
    """Slides, a short passage, and a last slide that is shown for as long as the others."""
    times = [0.0, seconds, seconds + 0.1, seconds + 0.2, 2 * seconds, 3 * seconds]
    source = write_clip(tmp_path / name, [GREY] * 6, times=times, codec=codec)
    target = tmp_path / "drawn.mp4"
    write_overlay_clip(source, result(), target, seconds=120)
    assert [time for time, _ in decoded(target)] == pytest.approx(times, abs=0.002)
    length = read_length(source)
    assert durations(target) == pytest.approx([*np.diff(times), length - times[-1]], abs=0.002)
    with av.open(str(target)) as container:
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(length, abs=0.01)


def test_a_single_frame_is_shown_as_long_as_in_the_source(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "photo.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.height, stream.width, stream.pix_fmt = *GREY.shape[:2], "yuv420p"
        packets = [*stream.encode(av.VideoFrame.from_ndarray(GREY, format="rgb24")), *stream.encode()]
        for packet in packets:
            packet.duration = round(8 / packet.time_base)
            container.mux(packet)
    assert read_length(tmp_path / "photo.mp4") == pytest.approx(8.0)
    write_overlay_clip(tmp_path / "photo.mp4", result(), tmp_path / "drawn.mp4")
    assert durations(tmp_path / "drawn.mp4") == pytest.approx([8.0])


def test_an_empty_edit_shifts_the_overlay_too(tmp_path: Path) -> None:
    times = [1.5 + number / 10 for number in range(20)]
    source = write_clip(tmp_path / "a.mp4", [GREY] * 20, times=times, codec="libx264")
    target = tmp_path / "drawn.mp4"
    write_overlay_clip(source, result(face(2.0, (20, 40, 70, 90))), target)
    drawn = decoded(target)
    assert [time for time, _ in drawn] == pytest.approx(times, abs=0.002)
    heat = {round(time, 1): float(np.abs(pixels[65, 45] - 128).max()) for time, pixels in drawn}
    assert heat[2.0] > heat[1.6] > 5
    assert heat[2.0] > heat[2.4] > 5
    assert heat[3.0] < 5


@pytest.mark.parametrize(("aspect", "shown"), [(Fraction(2), (400, 120)), (Fraction(1, 2), (200, 240))])
def test_pixels_that_are_not_square_are_stretched(
    tmp_path: Path, aspect: Fraction, shown: tuple[int, int]
) -> None:
    source = tmp_path / "wide.mp4"
    picture = GREY.copy()
    picture[40:80, 60:100] = 250
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width, stream.pix_fmt = *GREY.shape[:2], "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    (frame, *_) = read_frames(source, 2)
    assert frame.rgb.shape == (shown[1], shown[0], 3)
    write_overlay_clip(source, result(size=shown), tmp_path / "drawn.mp4")
    with av.open(str(tmp_path / "drawn.mp4")) as container:
        (video,) = container.streams.video
        assert (video.width, video.height) == shown
        assert not video.sample_aspect_ratio or video.sample_aspect_ratio == 1
    bright = decoded(tmp_path / "drawn.mp4")[0][1].mean(axis=2) > 200
    rows, columns = np.nonzero(bright)
    sides = (int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    assert sides == pytest.approx((40 * shown[0] / 200, 40 * shown[1] / 120), abs=3)


def test_overlay_clip_has_no_metadata_of_its_source(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [GREY] * 3)
    tagged = tmp_path / "tagged.mov"
    with av.open(str(clip)) as source, av.open(str(tagged), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        container.metadata.update({"title": "holiday", "comment": "+48.8577+002.295/"})
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    assert b"holiday" in tagged.read_bytes()
    target = tmp_path / "drawn.mp4"
    write_overlay_clip(tagged, result(), target)
    content = target.read_bytes()
    assert not [word for word in (b"holiday", b"+48.8577", b"Lavf") if word in content]


def test_cancelled_clip_leaves_no_file_and_keeps_an_older_one(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [GREY] * 100)
    target = tmp_path / "drawn.mp4"
    target.write_bytes(b"older")

    def stop(report: Progress) -> None:
        if report.fraction > 0.9:
            assert len(list(tmp_path.iterdir())) == 3  # the unfinished file is there
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        write_overlay_clip(clip, result(), target, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mkv", "drawn.mp4"]
    assert target.read_bytes() == b"older"


def test_unreadable_clip_has_its_code_and_leaves_no_file(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.mp4"
    garbage.write_bytes(b"\0\0\0\x20ftypisom" + bytes(range(256)) * 8)
    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), GREY)
    sources = {
        write_sound(tmp_path / "sound.mp4"): "no_frames",
        garbage: "corrupt_video",
        picture: "unsupported_type",
    }
    for source, code in {**sources, tmp_path / "gone.mp4": "file_not_found"}.items():
        with pytest.raises(UnreadableMedia) as caught:
            write_overlay_clip(source, result(), tmp_path / "drawn.mp4")
        assert caught.value.code == code
    assert set(tmp_path.iterdir()) == set(sources)


def test_only_judged_clips_can_be_drawn(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [GREY])
    for wrong in (dataclasses.replace(result(), kind="image"), dataclasses.replace(result(), size=None)):
        with pytest.raises(ValueError, match="judged"):
            write_overlay_clip(clip, wrong, tmp_path / "drawn.mp4")
    for options in ({"longest_side": 1}, {"seconds": 0.0}):
        with pytest.raises(ValueError, match="at least"):
            write_overlay_clip(clip, result(), tmp_path / "drawn.mp4", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "codec"), [("libvpx-vp9", "vp9"), ("mpeg4", "mpeg4")])
def test_another_encoder_replaces_a_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str
) -> None:
    assert next(iter(overlay_clip.ENCODERS)) == "libx264"
    monkeypatch.setattr(overlay_clip, "ENCODERS", {"no such encoder": {}, name: overlay_clip.ENCODERS[name]})
    clip = write_clip(tmp_path / "clip.mkv", [GREY] * 5)
    target = tmp_path / "drawn.mp4"
    write_overlay_clip(clip, result(face(0.0, (20, 40, 70, 90))), target)
    with av.open(str(target)) as container:
        context: Any = container.streams.video[0].codec_context
        assert (context.codec.canonical_name, context.pix_fmt) == (codec, "yuv420p")
    drawn = decoded(target)
    assert len(drawn) == 5
    assert box_columns(drawn[0][1]) == pytest.approx((20, 70), abs=4)


def test_draw_heat_equals_the_heat_of_the_overlay() -> None:
    hot_face = face(0.0, (20, 40, 70, 90))
    drawn = GREY.copy()
    draw_heat(drawn, hot_face, opacity=0.6)
    assert (drawn != GREY).any()
    draw_box(drawn, hot_face, "1")
    assert np.abs(drawn.astype(np.int16) - draw_overlay(GREY, [hot_face])).max() <= 1
    outside = GREY.copy()
    draw_heat(outside, face(0.0, (500, 40, 550, 90)))
    assert np.array_equal(outside, GREY)
