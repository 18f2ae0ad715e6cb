from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from laanet_core.cli import main
from laanet_core.media.images import read_image
from laanet_core.training.config import RECIPES
from tests.core.clips import write_clip
from tests.core.conftest import TinyDataset


@pytest.mark.proof
def test_the_command_measures_faces_and_a_clip(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = cv2.resize(read_image(samples / "astronaut.png"), (256, 256))
    path = write_clip(tmp_path / "a.mp4", [frame] * 8)
    assert (
        main(
            ["benchmark", "--device", "cpu", "--rounds", "2", "--clip", str(path), "--frames", "4", "--json"]
        )
        == 0
    )
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["runtime"]["name"] == "openvino"
    assert set(outcome["faces_per_second"]) == {"1", "8", "32"}
    assert outcome["clip"]["faces"] == 4
    assert outcome["peak_memory_mb"] > 100


@pytest.mark.proof
def test_the_command_measures_pairs_and_steps(
    tiny_dataset: TinyDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "benchmark",
        "--manifest",
        str(tiny_dataset.manifest),
        "--batch-pairs",
        "2",
        "--pairs",
        "5",
        "--device",
        "cpu",
        "--json",
    ]
    assert main(arguments) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert set(outcome["pairs_on_one_core"]) == set(RECIPES)
    assert set(outcome["images_a_second_in_training"]) == {"float32", "bfloat16"}
    assert outcome["machine"]["threads"] >= 1
