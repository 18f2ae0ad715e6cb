from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from laanet_core.media.deinterlacing import deinterlaced
from laanet_core.media.images import read_image
from laanet_core.media.video import read_at, read_frames
from tests.core.clips import Pixels, write_clip

_OPTIONS = {"flags": "+ildct+ilme", "crf": "12"}


@pytest.fixture(scope="module")
def moments(samples: Path) -> list[Pixels]:
    """Pictures of a portrait that moves sideways, two for each frame."""
    portrait = cv2.resize(read_image(samples / "astronaut.png"), (256, 256), interpolation=cv2.INTER_AREA)
    return [np.roll(portrait, 6 * number, 1) for number in range(16)]


def interlaced(moments: list[Pixels]) -> list[Pixels]:
    """Frames whose even rows come from one moment and whose odd rows from the next one."""
    frames = []
    for first, second in zip(moments[::2], moments[1::2], strict=True):
        frame = first.copy()
        frame[1::2] = second[1::2]
        frames.append(frame)
    return frames


def comb(rgb: Pixels) -> float:
    """Return the mean difference of neighbouring rows."""
    return float(np.abs(np.diff(rgb.astype(int), axis=0)).mean())


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_interlaced_frames_lose_their_comb(tmp_path: Path, moments: list[Pixels], ending: str) -> None:
    clip = write_clip(tmp_path / f"a.{ending}", interlaced(moments), codec="libx264", options=_OPTIONS)
    frames = list(read_frames(clip, 8))
    assert len(frames) == 8
    for frame, moment in zip(frames, moments[::2], strict=True):
        assert comb(frame.rgb) < 1.25 * comb(moment)
    assert comb(interlaced(moments)[3]) > 2 * comb(moments[6])
    for number in range(1, 7):
        # The encoder writes that the lower field, which has the odd rows, comes first.
        moment = moments[2 * number + 1]
        assert difference(frames[number].rgb, moment) < 0.5 * difference(interlaced(moments)[number], moment)
    again = list(read_at(clip, [frame.time for frame in frames]))
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(frames, again, strict=True))


def test_progressive_frames_are_not_touched(tmp_path: Path, moments: list[Pixels]) -> None:
    with av.open(str(write_clip(tmp_path / "a.mp4", moments, codec="libx264"))) as container:
        first, second = list(container.decode(video=0))[:2]
    assert deinterlaced(second, first, None) is second
