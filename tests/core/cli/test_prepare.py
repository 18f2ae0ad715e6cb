from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.cli import main
from laanet_core.evaluation.public_benchmarks import BENCHMARKS, benchmark_items
from laanet_core.media.images import read_image
from tests.core.clips import write_clip, write_sound


@pytest.fixture
def videos(tmp_path: Path, samples: Path) -> Path:
    """Write a small Celeb-DF: a clip of two people, a clip of one person, and two files without faces."""
    folder = tmp_path / "videos"
    for kind in ("Celeb-real", "Celeb-synthesis"):
        (folder / kind).mkdir(parents=True)
    two = cv2.resize(read_image(samples / "two_people.jpg"), (800, 470), interpolation=cv2.INTER_AREA)
    one = cv2.resize(read_image(samples / "astronaut.png"), (320, 320), interpolation=cv2.INTER_AREA)
    write_clip(folder / "Celeb-real" / "id0_0000.mp4", [two] * 6)
    write_clip(
        folder / "Celeb-synthesis" / "id0_id1_0000.mp4",
        [np.roll(one, 3 * number, axis=1) for number in range(6)],
    )
    write_clip(folder / "Celeb-synthesis" / "empty.mp4", [np.full((64, 64, 3), 90, np.uint8)] * 3)
    write_sound(folder / "Celeb-synthesis" / "sound.mp4")
    return folder


def test_crops_are_cut_once_and_evaluate_finds_them(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    command = [
        "prepare",
        str(videos),
        str(root),
        "--dataset",
        "cdf2",
        "--frames",
        "3",
        "--device",
        "cpu",
        "--json",
    ]
    assert main(command) == 2
    outcome = json.loads(capsys.readouterr().out)
    assert (outcome["videos"], outcome["crops"]) == (4, 6)
    assert outcome["rejected"] == {
        "Celeb-synthesis/empty.mp4": "no_face",
        "Celeb-synthesis/sound.mp4": "no_frames",
    }
    written = {path: path.stat().st_mtime_ns for path in root.rglob("*.png")}
    assert {read_image(path).shape for path in written} == {(256, 256, 3)}
    assert main(command) == 2
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*.png")} == written
    (root / "test" / "frames" / "YouTube-real").mkdir()
    assert len(list(benchmark_items(BENCHMARKS["cdf2"], root, 224))) == 6


def test_folders_without_videos_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", str(tmp_path), str(tmp_path / "root"), "--dataset", "ffpp"]) == 1
    assert "no videos of ffpp" in capsys.readouterr().err
