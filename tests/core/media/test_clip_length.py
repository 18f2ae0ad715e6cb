"""Length of clips by their packets, and clips whose end is missing."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from laanet_core.media.video import read_frames
from tests.core.clips import cautions_of, cut_clip, grey_frames, moving, write_clip

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
