from __future__ import annotations

import pytest
import torch

from laanet_core.evaluation import inference_speed
from laanet_core.modeling.config import LAANET_B4
from laanet_core.modeling.laanet import LAANet
from tests.core.conftest import TINY


def test_gflop_of_the_paper_network() -> None:
    assert inference_speed.gflop_per_image(LAANET_B4) == pytest.approx(15.1, abs=0.3)
    assert inference_speed.gflop_per_image(LAANET_B4, consistency=True) == pytest.approx(16.6, abs=0.3)


def test_all_runtimes_are_measured_against_plain_torch() -> None:
    torch.manual_seed(0)
    figures = inference_speed.compare_runtimes(LAANet(TINY).eval(), rounds=2)
    assert {"torch float64", "torch float32", "eager float32", "openvino float32"} <= set(figures["ways"])
    assert "CUDA device" in figures["missing"]["cuda bfloat16"]
    for name, row in figures["ways"].items():
        assert row["logit_error"] < (1e-4 if name.endswith(("32", "64")) else 0.05)
        assert 0 < row["best_ms"] <= row["median_ms"]
    assert set(figures["ways"]["openvino float32"]["faster_than_torch_float64"]) == {"median", "best"}


def test_tasks_run_in_turns_and_warm_up_runs_do_not_count() -> None:
    calls: list[str] = []
    tasks = {name: lambda name=name: calls.append(name) for name in "ab"}
    assert [len(times) for times in inference_speed.time_in_turns(tasks, 2, warm_up=True).values()] == [2, 2]
    assert calls == list("aabb") * 3
    calls.clear()
    inference_speed.time_in_turns(tasks, 1)
    assert calls == list("ab") * 2
