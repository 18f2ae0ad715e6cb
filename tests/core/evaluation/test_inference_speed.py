from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
import torch

from laanet_core.cli import main
from laanet_core.evaluation import inference_speed
from laanet_core.media.images import read_image
from laanet_core.modeling.config import LAANET_B4
from laanet_core.modeling.laanet import LAANet
from tests.core.clips import write_clip
from tests.core.conftest import TINY


def test_the_work_of_a_forward_pass_is_what_the_paper_network_takes() -> None:
    assert inference_speed.gflop_per_image(LAANET_B4) == pytest.approx(15.1, abs=0.3)
    assert inference_speed.gflop_per_image(LAANET_B4, consistency=True) == pytest.approx(16.6, abs=0.3)


def test_all_ways_are_measured_against_plain_torch() -> None:
    torch.manual_seed(0)
    found = inference_speed.compare_runtimes(LAANet(TINY).eval(), rounds=2)
    assert {"torch float64", "torch float32", "eager float32", "openvino float32"} <= set(found["ways"])
    assert "CUDA device" in found["missing"]["cuda bfloat16"]
    for name, row in found["ways"].items():
        assert row["logit_error"] < (1e-4 if name.endswith(("32", "64")) else 0.05)
        assert 0 < row["best_ms"] <= row["median_ms"]
    assert set(found["ways"]["openvino float32"]["faster_than_torch_float64"]) == {"median", "best"}


def test_ways_have_their_turns_and_what_comes_first_in_a_turn_does_not_count() -> None:
    done: list[str] = []
    ways = {name: lambda name=name: done.append(name) for name in "ab"}
    assert [len(times) for times in inference_speed.time_in_turns(ways, 2, warm_up=True).values()] == [2, 2]
    assert done == list("aabb") * 3
    done.clear()
    inference_speed.time_in_turns(ways, 1)
    assert done == list("ab") * 2


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
