"""Decoding in order: damaged parts are reported, and frames that an edit list hides are not shown."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.media.video import read_frames
from tests.core.clips import cautions_of, damage_clip, grey_frames, moving, never_shown, write_clip


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "mpeg4"), ("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("a.mkv", "mpeg4")]
)
def test_damage_in_the_middle_is_reported(tmp_path: Path, name: str, codec: str) -> None:
    clip = write_clip(
        tmp_path / name, moving(60), codec=codec, movflags="faststart" if name != "a.mkv" else ""
    )
    assert cautions_of(damage_clip(clip, 0.5, 0.6)) == {"damaged_parts"}


def test_clip_without_its_second_half_is_reported(tmp_path: Path) -> None:
    """The bytes are zeros: MP4 finds later frames by its index, Matroska finds nothing."""
    mp4 = write_clip(tmp_path / "a.mp4", moving(60), movflags="faststart")
    assert cautions_of(damage_clip(mp4, 0.5, 1)) == {"damaged_parts"}
    assert cautions_of(damage_clip(write_clip(tmp_path / "a.mkv", moving(60)), 0.5, 1)) == {"cut_short"}


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_frames_before_an_edit_list_are_not_shown(tmp_path: Path, name: str) -> None:
    times = [(number - 10) / 10 for number in range(30)]
    clip = write_clip(tmp_path / name, grey_frames(30), times=times, codec="libx264", options={"bf": "0"})
    frames = list(read_frames(clip, 40))
    assert len(frames) == 20
    assert frames[0].time == 0.0
    assert frames[0].rgb.mean() == pytest.approx(20 + 220 * 10 / 29, abs=8)
    assert frames[-1].time == pytest.approx(1.9, abs=0.01)


def test_frames_that_are_never_shown_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = never_shown(tmp_path / "clip.webm", 3000)
    began = time.process_time()
    with pytest.raises(UnreadableMedia, match="no frame"):
        list(read_frames(clip, 8))
    whole = time.process_time() - began
    monkeypatch.setattr("laanet_core.media.video_decoding.FIRST_FRAME_SECONDS", 0.02)
    began = time.process_time()
    with pytest.raises(UnreadableMedia, match="no frame"):
        list(read_frames(clip, 8))
    assert time.process_time() - began < whole / 2
