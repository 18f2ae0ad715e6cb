from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from laanet_core.media.stream_choice import shown_stream
from laanet_core.media.video import read_at, read_frames
from tests.core.clips import Pixels, write_clip, write_sound, write_streams

SMALL: list[Pixels] = [np.full((32, 32, 3), 60, np.uint8)] * 4
LARGE: list[Pixels] = [np.full((64, 96, 3), 200, np.uint8)] * 4


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov"])
@pytest.mark.parametrize("clips", [[SMALL, LARGE], [LARGE, SMALL]])
def test_largest_stream_is_shown(tmp_path: Path, ending: str, clips: list[list[Pixels]]) -> None:
    path = write_streams(tmp_path / f"a.{ending}", clips)
    assert next(read_frames(path, 2)).rgb.shape == (64, 96, 3)
    assert next(read_at(path, [0.0])).rgb.shape == (64, 96, 3)


def test_default_stream_goes_before_a_larger_one(tmp_path: Path) -> None:
    assert next(read_frames(write_streams(tmp_path / "a.mkv", [LARGE, SMALL], default=1), 2)).rgb.shape == (
        32,
        32,
        3,
    )


def test_covers_are_not_the_clip(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(write_clip(tmp_path / "b.mp4", SMALL))) as source, av.open(str(path), "w") as target:
        cover = target.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 96, 64, "yuvj420p"
        cover.disposition = int(Disposition.attached_pic)
        clip = target.add_stream_from_template(source.streams.video[0], opaque=True)
        target.mux(cover.encode(av.VideoFrame.from_ndarray(LARGE[0], format="rgb24")))
        target.mux(cover.encode())
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = clip
                target.mux(packet)
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 2
        assert shown_stream(container).codec_context.name == "mpeg4"
    assert len(list(read_frames(path, 8))) == 4


def test_sound_has_no_shown_stream(tmp_path: Path) -> None:
    with av.open(str(write_sound(tmp_path / "a.mp4"))) as container:
        assert shown_stream(container) is None
