"""Opening clips as containers: unknown, damaged and disguised files have their codes, within bounded time."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from laanet_core.errors import UnreadableMedia
from laanet_core.media.container import demuxers, open_container
from laanet_core.media.images import read_image, register_heif
from laanet_core.media.video import read_frames, read_length
from tests.core.clips import grey_frames, hide_frames, write_clip, write_sound


def code_of(path: Path, **limits: float) -> str:
    with pytest.raises(UnreadableMedia) as caught:
        list(read_frames(path, 8, **limits))  # type: ignore[arg-type]
    return caught.value.code


def test_unknown_codecs_have_a_code(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", grey_frames(5))
    unknown = tmp_path / "unknown.mkv"
    assert b"V_MPEG4" in clip.read_bytes()
    unknown.write_bytes(clip.read_bytes().replace(b"V_MPEG4", b"V_ZZZZ4"))
    assert code_of(unknown) == "corrupt_video"
    assert code_of(tmp_path / "gone.mp4") == "file_not_found"


def test_disguised_playlists_open_no_file(tmp_path: Path) -> None:
    secret = write_clip(tmp_path / "secret.mp4", grey_frames(5))
    for text in (f"ffconcat version 1.0\nfile '{secret.name}'\n", f"#EXTM3U\n#EXTINF:1,\n{secret.name}\n"):
        disguised = tmp_path / "disguised.mp4"
        disguised.write_text(text)
        assert code_of(disguised) == "unsupported_type"


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


@pytest.fixture
def endless(samples: Path, tmp_path: Path) -> Path:
    """Return a MOV with a HEIF picture behind it, of which FFmpeg reads the boxes over and over."""
    register_heif()
    square = np.asarray(Image.fromarray(read_image(samples / "astronaut.png")).resize((96, 96)))
    clip = write_clip(tmp_path / "clip.mov", [square] * 3)
    picture = tmp_path / "picture.heic"
    Image.fromarray(square).save(picture, "HEIF")
    clip.write_bytes(clip.read_bytes() + picture.read_bytes())
    return clip


def test_headers_without_an_end_are_refused_in_time(endless: Path) -> None:
    began = time.thread_time()
    with pytest.raises(UnreadableMedia, match="no end") as caught:
        read_length(endless)
    assert caught.value.code == "corrupt_video"
    assert time.thread_time() - began < 4


def test_work_between_packets_does_not_count(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("laanet_core.media.container.CLIP_SECONDS", 0.2)
    frames = [read_image(samples / "astronaut.png")[:256, :256]] * 3
    clip = write_clip(tmp_path / "clip.mp4", frames)
    with open_container(clip) as container:
        packets = 0
        for packet in container.demux(container.streams.video[0]):
            packets += packet.size > 0
            deadline = time.thread_time() + 0.3
            while time.thread_time() < deadline:
                pass
    assert packets == 3


def test_only_demuxers_without_other_files_are_allowed() -> None:
    allowed = demuxers().split(",")
    assert {"mov", "mp4", "matroska", "webm", "avi"} <= set(allowed)
    assert not {"concat", "hls", "dash", "image2"} & set(allowed)


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """Return a clip with thousands of edits, none of which shows a frame."""
    times = [0.1 * number - 0.3 for number in range(12)]
    frames = [np.full((64, 64, 3), 20 * number, np.uint8) for number in range(12)]
    clip = write_clip(tmp_path / "clip.mp4", frames, times=times, codec="libx264")
    return hide_frames(clip, 3000)


def test_hidden_frames_are_not_decoded(hidden: Path) -> None:
    began = time.process_time()
    with pytest.raises(UnreadableMedia, match="hides all") as caught:
        list(read_frames(hidden, 8))
    assert caught.value.code == "no_frames"
    assert time.process_time() - began < 3


def test_endless_packets_are_refused_in_time(hidden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("laanet_core.media.clip_length.SCAN_SECONDS", 0.05)
    with pytest.raises(UnreadableMedia, match="packets have no end") as caught:
        read_length(hidden)
    assert caught.value.code == "corrupt_video"
