from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from laanet_core.media.display_matrix import Orientation, orientation_by_matrix
from laanet_core.media.images import read_image
from laanet_core.media.video import read_at, read_film, read_frames
from laanet_core.types import RGBImage
from tests.core.clips import write_clip

# Each as (a, b, c, d), with what ffmpeg 9.0 shows of such a clip.
MATRICES = {
    "unchanged": ((1, 0, 0, 1), lambda rgb: rgb),
    "mirrored": ((-1, 0, 0, 1), lambda rgb: rgb[:, ::-1]),
    "upside down": ((1, 0, 0, -1), lambda rgb: rgb[::-1]),
    "half turn": ((-1, 0, 0, -1), lambda rgb: rgb[::-1, ::-1]),
    "transposed": ((0, 1, 1, 0), lambda rgb: rgb.transpose(1, 0, 2)),
    "clockwise": ((0, 1, -1, 0), lambda rgb: np.rot90(rgb, -1)),
    "counter-clockwise": ((0, -1, 1, 0), lambda rgb: np.rot90(rgb, 1)),
    "transposed, half turn": ((0, -1, -1, 0), lambda rgb: np.rot90(rgb, 2).transpose(1, 0, 2)),
}


@pytest.fixture(scope="module")
def portrait(samples: Path) -> RGBImage:
    return np.ascontiguousarray(read_image(samples / "astronaut.png")[:160, 100:324])


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "webm"])
@pytest.mark.parametrize("name", MATRICES)
def test_every_matrix_is_applied(tmp_path: Path, portrait: RGBImage, name: str, ending: str) -> None:
    matrix, change = MATRICES[name]
    codec = "libvpx" if ending == "webm" else "mpeg4"
    clip = write_clip(tmp_path / f"a.{ending}", [portrait] * 3, codec=codec, matrix=matrix)
    shown = change(portrait)
    frame = next(read_frames(clip, 3)).rgb
    assert frame.shape == shown.shape
    assert np.abs(frame.astype(int) - shown).mean() < 6
    assert np.array_equal(next(read_at(clip, [0.0])).rgb, frame)
    film = next(read_film(clip, size=(shown.shape[1] // 2, shown.shape[0] // 2), seconds=1)).rgb
    assert np.abs(film.astype(int) - frame[::2, ::2]).mean() < 15


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the program ffmpeg")
@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("name", MATRICES)
def test_frames_are_those_of_ffmpeg(tmp_path: Path, portrait: RGBImage, name: str, ending: str) -> None:
    clip = write_clip(tmp_path / f"a.{ending}", [portrait] * 3, matrix=MATRICES[name][0])
    picture = tmp_path / "first.png"
    command = ["ffmpeg", "-v", "error", "-i", str(clip), "-frames:v", "1", "-pix_fmt", "rgb24", str(picture)]
    subprocess.run(command, check=True)
    frame = next(read_frames(clip, 3)).rgb
    expected = read_image(picture)
    assert frame.shape == expected.shape
    assert np.abs(frame.astype(int) - expected).mean() < 2


def test_other_matrices_are_the_nearest_quarter_turn_or_none() -> None:
    unit = 1 << 16
    slightly = [unit, unit // 9, 0, -unit // 9, unit, 0, 0, 0, 1 << 30]
    assert orientation_by_matrix(slightly) == Orientation()
    nearly = [unit // 9, unit, 0, -unit, unit // 9, 0, 0, 0, 1 << 30]
    assert orientation_by_matrix(nearly) == Orientation(transposed=True, mirrored=True)
    assert orientation_by_matrix([0] * 9) == Orientation()
    assert orientation_by_matrix([-unit, -unit, 0, -unit, -unit, 0, 0, 0, 0]) == Orientation()
