"""Changes to OpenVINO's graph, on a graph of two convolutions of which one is padded by a step of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from laanet_core.runtimes.openvino import import_openvino
from laanet_core.runtimes.openvino_graph import (
    first_convolution_is_float32,
    join_padding,
    keep_fine_layers_in_float32,
)


@pytest.fixture
def padded_graph() -> Any:
    """Return a graph of two convolutions, with strides 2 and 16, for an input (1, 3, 32, 32)."""
    openvino = import_openvino()
    from openvino import opset8

    rng = np.random.default_rng(0)
    pixels = opset8.parameter([1, 3, 32, 32], np.float32, name="pixels")
    padded = opset8.pad(pixels, [0, 0, 0, 0], [0, 0, 1, 1], "constant")
    fine = opset8.convolution(padded, rng.random((4, 3, 3, 3), np.float32), [2, 2], [0, 0], [0, 0], [1, 1])
    fine.set_friendly_name("model.backbone.fine")
    coarse = opset8.convolution(
        fine, rng.random((4, 4, 16, 16), np.float32), [16, 16], [0, 0], [0, 0], [1, 1]
    )
    coarse.set_friendly_name("model.backbone.coarse")
    return openvino.Model([coarse], [pixels], "padded")


def run(graph: Any, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    compiled = import_openvino().Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled([pixels])[0])


def test_padding_becomes_part_of_the_convolution(padded_graph: Any) -> None:
    pixels = np.random.default_rng(1).random((1, 3, 32, 32), np.float32)
    expected = run(padded_graph, pixels)
    join_padding(padded_graph)
    assert "Pad" not in [node.get_type_name() for node in padded_graph.get_ordered_ops()]
    assert np.abs(run(padded_graph, pixels) - expected).max() < 1e-3


def test_only_fine_backbone_layers_are_marked(padded_graph: Any) -> None:
    openvino = import_openvino()
    join_padding(padded_graph)
    marked = keep_fine_layers_in_float32(openvino, openvino.Core(), padded_graph)
    # OpenVINO keeps the mark under a name of its own.
    marks = {
        node.get_friendly_name(): [key for key in node.get_rt_info() if "Precision" in key]
        for node in marked.get_ordered_ops()
    }
    assert marks["model.backbone.fine"]
    assert not marks["model.backbone.coarse"]


def test_the_first_convolutions_precision_is_read_from_the_compiled_graph(padded_graph: Any) -> None:
    core = import_openvino().Core()
    compiled = core.compile_model(padded_graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert first_convolution_is_float32(compiled)
    if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        compiled = core.compile_model(padded_graph, "CPU", {"INFERENCE_PRECISION_HINT": "bf16"})
        assert not first_convolution_is_float32(compiled)
