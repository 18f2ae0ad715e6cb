from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from laanet_core.cli import main
from laanet_core.errors import InvalidDataset
from laanet_core.evaluation.public_benchmarks import BENCHMARKS, benchmark_frames, benchmark_items
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from tests.core.conftest import TINY


def lay_out(root: Path, name: str, *, frames: int = 3) -> Path:
    """Two videos of every type, in the layout of the benchmark's crops."""
    rng = np.random.default_rng(0)
    for kind in BENCHMARKS[name].labels:
        for number in range(2):
            folder = root / "test" / "frames" / kind / f"id{number}_id5_{number:04}"
            folder.mkdir(parents=True)
            for frame in range(frames):
                cv2.imwrite(
                    str(folder / f"{frame:03}.png"), rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)
                )
    return root


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_type_has_its_label(tmp_path: Path, name: str) -> None:
    found = benchmark_frames(BENCHMARKS[name], lay_out(tmp_path, name))
    assert {(video.split("/")[0], label) for _, label, video in found} == set(BENCHMARKS[name].labels.items())
    assert len(found) == 6 * len(BENCHMARKS[name].labels)


def test_frames_are_spread_evenly_and_crops_trimmed(tmp_path: Path) -> None:
    root = lay_out(tmp_path, "cdf2", frames=10)
    found = benchmark_frames(BENCHMARKS["cdf2"], root, frames=5)
    assert [file.name for file, _, _ in found[:5]] == ["001.png", "003.png", "005.png", "007.png", "009.png"]
    item = next(benchmark_items(BENCHMARKS["cdf2"], root, 246, frames=5))
    image = cv2.cvtColor(cv2.imread(str(found[0][0])), cv2.COLOR_BGR2RGB)
    assert np.array_equal(item.crop, image[5:-5, 5:-5])
    assert (item.person, item.video) == ("id0", "Celeb-real/id0_id5_0000")


def test_what_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    root = lay_out(tmp_path, "dfdc")
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


def test_evaluate_prints_the_published_row_beside_the_measured_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    save_weights(LAANet(TINY), tmp_path / "weights")
    root = lay_out(tmp_path / "root", "ffpp")
    command = [
        "evaluate",
        "--weights",
        str(tmp_path / "weights"),
        "--dataset",
        "ffpp",
        "--root",
        str(root),
        "--device",
        "cpu",
    ]
    assert main([*command, "--bootstrap", "20", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["sets"]["ffpp"]
    assert (figures["real"], figures["fake"], figures["video_level"]["videos"]) == (6, 24, 10)
    assert [row["auc"] for row in figures["published"]] == [99.95, 99.96]
    assert set(figures["auc_by_pack"]) == set(BENCHMARKS["ffpp"].fake)
    assert main([*command, "--bootstrap", "20"]) == 0
    assert "published, SBI" in capsys.readouterr().out
    kept = tmp_path / "kept"
    for frames in ("1", "3"):
        assert main([*command, "--bootstrap", "20", "--frames", frames, "--kept", str(kept)]) == 0
    assert len(list(kept.iterdir())) == 2  # scores of other frames are not taken for these


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "either --manifest"),
        (["--dataset", "mine", "--root", "."], "choose from ffpp"),
        (["--dataset", "dfd"], "needs --root"),
        (["--dataset", "dfd", "--root", ".", "--manifest", "m.csv"], "either --manifest"),
    ],
)
def test_what_to_measure_on_must_be_said_once(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert main(["evaluate", *arguments]) == 1
    assert complaint in capsys.readouterr().err
