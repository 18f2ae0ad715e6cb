from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.media.container_size import container_size
from laanet_core.media.video import read_at, read_frames
from laanet_core.results import Caution
from tests.core.clips import Pixels, cut_clip, damage_clip, moving, write_clip, write_sound


def grey_frames(count: int, size: tuple[int, int] = (48, 64)) -> list[Pixels]:
    """Each frame has a grey of its own, so that it can be recognised after compression."""
    return [np.full((*size, 3), 20 + 220 * number // max(count - 1, 1), np.uint8) for number in range(count)]


def code_of(path: Path, **limits: float) -> str:
    with pytest.raises(UnreadableMedia) as caught:
        list(read_frames(path, 8, **limits))  # type: ignore[arg-type]
    return caught.value.code


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.avi"])
def test_frames_are_evenly_spaced(tmp_path: Path, name: str) -> None:
    clip = write_clip(tmp_path / name, grey_frames(40))
    frames = list(read_frames(clip, 8))
    assert len(frames) == 8
    assert [frame.time for frame in frames] == pytest.approx(
        [0.25 + 0.5 * number for number in range(8)], abs=0.11
    )
    greys = [frame.rgb.mean() for frame in frames]
    assert greys == pytest.approx([20 + 220 * frame.time * 10 / 39 for frame in frames], abs=6)
    assert frames[0].rgb.shape == (48, 64, 3)


def test_frames_are_read_again_by_their_times(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", grey_frames(40))
    first = list(read_frames(clip, 8))
    again = list(read_at(clip, [frame.time for frame in first]))
    assert [frame.time for frame in again] == [frame.time for frame in first]
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(again, first, strict=True))
    assert [frame.time for frame in read_at(clip, [1.0, 99.0])] == [1.0]
    assert list(read_at(clip, [])) == []
    with pytest.raises(UnreadableMedia, match="no frame"):
        list(read_at(clip, [99.0]))


def test_short_clips_give_all_their_frames(tmp_path: Path) -> None:
    assert len(list(read_frames(write_clip(tmp_path / "short.mp4", grey_frames(3)), 32))) == 3
    assert len(list(read_frames(write_clip(tmp_path / "one.mp4", grey_frames(1)), 32))) == 1


def test_frames_are_chosen_by_presentation_time(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 0.3, 0.4, 2.0, 2.1, 4.0]
    clip = write_clip(tmp_path / "uneven.mkv", grey_frames(8), times=times)
    read_times = [frame.time for frame in read_frames(clip, 4)]
    assert set(read_times) <= set(times)
    assert read_times == sorted(read_times)
    assert read_times[-1] == 4.0


def test_the_same_clip_gives_the_same_frames(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", grey_frames(20))
    first, second = list(read_frames(clip, 5)), list(read_frames(clip, 5))
    assert all(a.time == b.time and np.array_equal(a.rgb, b.rgb) for a, b in zip(first, second, strict=True))


def test_frames_before_a_broken_end_are_read(tmp_path: Path) -> None:
    clip = write_clip(
        tmp_path / "whole.mkv",
        [np.random.default_rng(n).integers(0, 255, (48, 64, 3), dtype=np.uint8) for n in range(40)],
    )
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(clip.read_bytes()[: int(clip.stat().st_size * 0.6)])
    frames = list(read_frames(cut, 8))
    assert len(frames) == 8  # spread over what is left
    assert 1.5 < frames[-1].time < 3


def test_frames_are_spread_over_the_actual_duration(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", grey_frames(30))
    content = clip.read_bytes()
    place = content.index(b"\x44\x89\x88") + 3  # Matroska's Duration, a big-endian double in milliseconds
    for claimed in (500_000.0, 200.0, 9e9):
        lying = tmp_path / "lying.mkv"
        lying.write_bytes(content[:place] + struct.pack(">d", claimed) + content[place + 8 :])
        times = [frame.time for frame in read_frames(lying, 8)]
        assert len(times) == 8
        assert times[-1] > 2.5


def test_unknown_codecs_have_a_code(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", grey_frames(5))
    unknown = tmp_path / "unknown.mkv"
    assert b"V_MPEG4" in clip.read_bytes()
    unknown.write_bytes(clip.read_bytes().replace(b"V_MPEG4", b"V_ZZZZ4"))
    assert code_of(unknown) == "corrupt_video"
    assert code_of(tmp_path / "gone.mp4") == "file_not_found"


def test_unreadable_clips_have_their_codes(tmp_path: Path) -> None:
    assert code_of(write_sound(tmp_path / "sound.mp4")) == "no_frames"
    garbage = tmp_path / "garbage.mp4"
    garbage.write_bytes(b"\0\0\0\x20ftypisom" + bytes(range(256)) * 8)
    assert code_of(garbage) == "corrupt_video"
    header_only = tmp_path / "header.mkv"
    header_only.write_bytes(write_clip(tmp_path / "full.mkv", grey_frames(5)).read_bytes()[:300])
    assert code_of(header_only) in ("no_frames", "corrupt_video")
    long = write_clip(tmp_path / "long.mp4", grey_frames(30))
    assert code_of(long, max_seconds=2.0) == "video_too_long"
    assert code_of(long, max_pixels=1000) == "too_many_pixels"


def test_disguised_playlists_open_no_file(tmp_path: Path) -> None:
    secret = write_clip(tmp_path / "secret.mp4", grey_frames(5))
    for text in (f"ffconcat version 1.0\nfile '{secret.name}'\n", f"#EXTM3U\n#EXTINF:1,\n{secret.name}\n"):
        disguised = tmp_path / "disguised.mp4"
        disguised.write_text(text)
        assert code_of(disguised) == "unsupported_type"


def test_impossible_counts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        list(read_frames(tmp_path / "any.mp4", 0))


def cautions_of(clip: Path) -> set[Caution]:
    cautions: list[Caution] = []
    assert list(read_frames(clip, 8, warn=cautions.append))
    return set(cautions)


FAST = "faststart"
IN_PARTS = "frag_keyframe+empty_moov"
KINDS = [
    ("a.mp4", "mpeg4", FAST),
    ("a.mp4", "libx264", FAST),
    ("a.mov", "libx264", FAST),
    ("a.mp4", "libx264", IN_PARTS),
    ("a.mkv", "mpeg4", ""),
    ("a.webm", "libvpx", ""),
    ("a.avi", "mpeg4", ""),
]


@pytest.mark.parametrize(("name", "codec", "movflags"), KINDS)
def test_truncated_clip_is_reported(tmp_path: Path, name: str, codec: str, movflags: str) -> None:
    clip = write_clip(tmp_path / name, moving(60), codec=codec, movflags=movflags)
    assert cautions_of(clip) == set()
    for share in (0.3, 0.6, 0.9):
        assert cautions_of(cut_clip(clip, share)) == {"cut_short"}, share


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_complete_clips_are_not_reported_as_truncated(tmp_path: Path, name: str) -> None:
    """Sound that outlasts the pictures, uneven frame durations, a long last frame, wrong times."""
    clip = write_clip(tmp_path / name, moving(20), sound=6)
    assert cautions_of(clip) == set()
    if name != "a.avi":  # which knows one rate only
        assert cautions_of(write_clip(tmp_path / name, moving(6), times=[0, 0.02, 0.5, 0.6, 3, 9])) == set()
    if name == "a.mkv":
        content = write_clip(tmp_path / name, moving(20)).read_bytes()
        place = content.index(b"\x44\x89\x88") + 3
        (tmp_path / name).write_bytes(content[:place] + struct.pack(">d", 90_000.0) + content[place + 8 :])
        assert cautions_of(tmp_path / name) == set()


def test_trailing_bytes_and_a_missing_last_box_are_no_truncation(tmp_path: Path) -> None:
    """Cameras append their own boxes to a clip, and a missing last byte removes no frame."""
    clip = write_clip(tmp_path / "a.mp4", moving(60), movflags=FAST)
    longer = tmp_path / "longer.mp4"
    longer.write_bytes(clip.read_bytes() + b"\x7f\xff\xff\xffSEFT" + bytes(5000))
    assert cautions_of(longer) == set()
    mkv = write_clip(tmp_path / "a.mkv", moving(60))
    longer.write_bytes(mkv.read_bytes()[:-1])
    assert cautions_of(longer) == set()


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "mpeg4"), ("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("a.mkv", "mpeg4")]
)
def test_damage_in_the_middle_is_reported(tmp_path: Path, name: str, codec: str) -> None:
    clip = write_clip(tmp_path / name, moving(60), codec=codec, movflags=FAST if name != "a.mkv" else "")
    assert cautions_of(damage_clip(clip, 0.5, 0.6)) == {"damaged_parts"}


def test_clip_without_its_second_half_is_reported(tmp_path: Path) -> None:
    """The bytes are zeros: MP4 finds later frames by its index, Matroska finds nothing."""
    mp4 = write_clip(tmp_path / "a.mp4", moving(60), movflags=FAST)
    assert cautions_of(damage_clip(mp4, 0.5, 1)) == {"damaged_parts"}
    assert cautions_of(damage_clip(write_clip(tmp_path / "a.mkv", moving(60)), 0.5, 1)) == {"cut_short"}


@pytest.mark.parametrize(
    "content",
    [b"", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\x00\x00", b"\x1a\x45\xdf\xa3\xff" * 3, b"RIFF", bytes(64)],
)
def test_container_without_a_length_is_not_reported(content: bytes) -> None:
    size = container_size(io.BytesIO(content))
    assert size.actual == len(content)
    assert size.declared in (0, 8)


def test_endless_boxes_are_abandoned_early() -> None:
    assert container_size(io.BytesIO(b"\0\0\0\x08free" * 200_000)).declared == 0
    assert (
        container_size(
            io.BytesIO(b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0")
        ).declared
        == 16 + 2**32
    )


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("a.mkv", "mpeg4"), ("a.webm", "libvpx")]
)
@pytest.mark.parametrize("seconds", [1.0, 8.0, 30.0])
def test_single_frame_is_read(tmp_path: Path, name: str, codec: str, seconds: float) -> None:
    clip = write_clip(tmp_path / name, grey_frames(1), codec=codec, sound=0 if name == "a.webm" else seconds)
    (frame,) = read_frames(clip, 32)
    assert frame.time == 0.0
    (again,) = read_at(clip, [frame.time])
    assert np.array_equal(again.rgb, frame.rgb)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "mpeg4"), ("a.webm", "libvpx")])
@pytest.mark.parametrize("held", [1.0, 10.0, 30.0])
def test_held_frames_are_read_at_their_times(tmp_path: Path, name: str, codec: str, held: float) -> None:
    """A slide show with one frame per slide, and a short passage at the usual rate."""
    times = [0.0, held, 2 * held, 2 * held + 0.1, 2 * held + 0.2, 3 * held]
    clip = write_clip(tmp_path / name, grey_frames(6), codec=codec, times=times)
    read_times = [frame.time for frame in read_frames(clip, 8)]
    assert {0.0, held, 2 * held} <= set(read_times)
    assert read_times == sorted(set(read_times))
    greys = [frame.rgb.mean() for frame in read_at(clip, times)]
    assert greys == pytest.approx([60 + 0.8 * (20 + 44 * number - 60) for number in range(6)], abs=35)
    assert greys == sorted(greys)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_frames_before_an_edit_list_are_not_shown(tmp_path: Path, name: str) -> None:
    times = [(number - 10) / 10 for number in range(30)]
    clip = write_clip(tmp_path / name, grey_frames(30), times=times, codec="libx264", options={"bf": "0"})
    frames = list(read_frames(clip, 40))
    assert len(frames) == 20
    assert frames[0].time == 0.0
    assert frames[0].rgb.mean() == pytest.approx(20 + 220 * 10 / 29, abs=8)
    assert frames[-1].time == pytest.approx(1.9, abs=0.01)
