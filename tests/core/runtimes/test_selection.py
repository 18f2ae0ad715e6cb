"""Selection of a runtime and its comparison with eager."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidConfig
from laanet_core.inference.detector import Detector
from laanet_core.inference.scoring import score_crops
from laanet_core.modeling.laanet import LAANet
from laanet_core.results import InferencePrecision, RuntimeInfo, RuntimeName
from laanet_core.runtimes.base import Runtime, RuntimeUnavailable
from laanet_core.runtimes.eager import EagerRuntime
from laanet_core.runtimes.openvino import OpenVINORuntime
from laanet_core.runtimes.selection import disagreement, open_runtime, tolerance
from tests.core.runtimes.conftest import tiny_network


class FixedFactory:
    """Factory that returns one runtime, whatever it is asked to build."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def __call__(
        self,
        model: LAANet,
        name: RuntimeName,
        precision: InferencePrecision,
        *,
        cache_file: Path | None,
        refresh_cache: bool,
    ) -> Runtime:
        return self._runtime


def test_bundled_weights_score_the_same_in_openvino_and_eager(detector: Detector) -> None:
    assert detector.runtime == RuntimeInfo("openvino", "float32", "cpu")
    size = detector.config.input_size
    crops = list(np.random.default_rng(1).integers(0, 256, (3, size, size, 3), dtype=np.uint8))
    eager = EagerRuntime(LAANet.from_pretrained("starter"))
    ours, theirs = detector.score_crops(crops), score_crops(eager, crops)
    assert np.abs(ours.fake_logit - theirs.fake_logit).max() < 1e-4
    assert np.abs(ours.heatmap - theirs.heatmap).max() < 1e-4


def test_auto_falls_back_to_eager_and_logs_the_reason(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert open_runtime(tiny_network()).info.name == "eager"
    assert "OpenVINO is not installed here" in caplog.text
    with pytest.raises(RuntimeUnavailable, match="not installed"):
        open_runtime(tiny_network(), "openvino")


def test_a_runtime_that_disagrees_is_not_used(caplog: pytest.LogCaptureFixture) -> None:
    other = OpenVINORuntime(tiny_network(seed=1))
    factory = FixedFactory(other)
    assert disagreement(other, EagerRuntime(tiny_network())) > 1e-3
    assert open_runtime(tiny_network(), factory=factory).info.name == "eager"
    assert "differs from eager by" in caplog.text
    with pytest.raises(RuntimeUnavailable, match="differs"):
        open_runtime(tiny_network(), "openvino", factory=factory)


def test_a_network_that_returns_nan_is_not_used() -> None:
    broken = tiny_network()
    with torch.no_grad():
        broken.classification_head.linear.bias.fill_(torch.nan)
    with pytest.raises(RuntimeUnavailable, match="nan"):
        open_runtime(tiny_network(), "openvino", factory=FixedFactory(EagerRuntime(broken)))


def test_a_cached_graph_of_other_weights_is_converted_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sha256 = "ab" * 32
    first = open_runtime(tiny_network(), cache=tmp_path, weights_sha256=sha256)
    again = open_runtime(tiny_network(), cache=tmp_path, weights_sha256=sha256)
    other = open_runtime(tiny_network(seed=1), cache=tmp_path, weights_sha256=sha256)
    assert isinstance(first, OpenVINORuntime)
    assert isinstance(again, OpenVINORuntime)
    assert isinstance(other, OpenVINORuntime)
    assert (first.from_cache, again.from_cache, other.from_cache) == (False, True, False)
    assert disagreement(other, EagerRuntime(tiny_network(seed=1))) < 1e-4
    assert "from eager on the logit" in caplog.text


def test_short_precisions_may_move_a_probability_by_a_hundredth() -> None:
    assert tolerance("float32", 3.0) == 1e-4
    model = tiny_network()
    model.decision = DecisionConfig(temperature=2.0)
    allowed = tolerance("bfloat16", model.decision.temperature)
    assert 1 / (1 + np.exp(-allowed / 2)) - 0.5 <= 0.01
    with pytest.raises(RuntimeUnavailable, match="float32, not in bfloat16"):
        open_runtime(model, "eager", "bfloat16")


def test_unknown_names_and_unsupported_devices_are_refused() -> None:
    with pytest.raises(InvalidConfig, match="tensorrt"):
        open_runtime(tiny_network(), "tensorrt")  # type: ignore[arg-type]  # not a runtime
    with pytest.raises(InvalidConfig, match="int4"):
        open_runtime(tiny_network(), "auto", "int4")  # type: ignore[arg-type]  # not a precision
    with pytest.raises(RuntimeUnavailable, match="CUDA device"):
        open_runtime(tiny_network(), "cuda")
