from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.errors import InvalidDataset
from laanet_core.evaluation.public_benchmarks import (
    BENCHMARKS,
    benchmark_frames,
    benchmark_items,
    named_benchmark,
)
from tests.core.conftest import write_benchmark


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_type_has_its_label(tmp_path: Path, name: str) -> None:
    frames = benchmark_frames(BENCHMARKS[name], write_benchmark(tmp_path, name))
    assert {(video.split("/")[0], label) for _, label, video in frames} == set(
        BENCHMARKS[name].labels.items()
    )
    assert len(frames) == 6 * len(BENCHMARKS[name].labels)


def test_frames_are_spread_evenly_and_crops_trimmed(tmp_path: Path) -> None:
    root = write_benchmark(tmp_path, "cdf2", frames=10)
    frames = benchmark_frames(BENCHMARKS["cdf2"], root, frames=5)
    assert [file.name for file, _, _ in frames[:5]] == ["001.png", "003.png", "005.png", "007.png", "009.png"]
    item = next(benchmark_items(BENCHMARKS["cdf2"], root, 246, frames=5))
    image = cv2.cvtColor(cv2.imread(str(frames[0][0])), cv2.COLOR_BGR2RGB)
    assert np.array_equal(item.crop, image[5:-5, 5:-5])
    assert (item.person, item.video) == ("id0", "Celeb-real/id0_id5_0000")


def test_what_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    root = write_benchmark(tmp_path, "dfdc")
    with pytest.raises(InvalidDataset, match="val/frames/real"):
        benchmark_frames(BENCHMARKS["dfdc"], root, "val")
    broken = root / "test" / "frames" / "fake" / "id0_id5_0000" / "000.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InvalidDataset, match=r"fake/id0_id5_0000/000\.png"):
        list(benchmark_items(BENCHMARKS["dfdc"], root, 64))
    for file in (root / "test" / "frames" / "real").rglob("*.png"):
        file.unlink()
    with pytest.raises(InvalidDataset, match="no real crops"):
        benchmark_frames(BENCHMARKS["dfdc"], root)


def test_unknown_benchmarks_are_refused() -> None:
    with pytest.raises(InvalidDataset, match="choose from ffpp"):
        named_benchmark("mine")
