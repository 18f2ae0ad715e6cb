"""What is changed in OpenVINO's graph of a network before it is compiled."""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ET  # reads only what OpenVINO has just written
from pathlib import Path
from types import ModuleType
from typing import Any

FORM = 2  # part of the name of what is kept; raised when graphs are changed in another way
_CONVOLUTIONS = ("Convolution", "GroupConvolution")
_FINE_STRIDE = 16
_BACKBONE = ".backbone."  # in the names that tracing gives


def join_padding(graph: Any) -> None:
    """Let convolutions pad by themselves where the padding is a step of its own, as with TensorFlow's "same" padding; in place.

    The compiler would do so too, but makes new convolutions without the marks of `fine_in_float32`.
    """
    from openvino import opset8

    makers = dict(zip(_CONVOLUTIONS, (opset8.convolution, opset8.group_convolution), strict=True))
    for node in graph.get_ordered_ops():
        maker = makers.get(node.get_type_name())
        if maker is None:
            continue
        padding = node.input(0).get_source_output().get_node()
        if padding.get_type_name() != "Pad":
            continue
        bare, strides = padding.input(0).get_source_output(), list(node.get_attributes()["strides"])
        added = [
            after - before
            for before, after in zip(
                list(bare.get_shape())[2:], list(padding.get_output_shape(0))[2:], strict=True
            )
        ]
        first = [total // 2 for total in added]
        last = [total - some for total, some in zip(added, first, strict=True)]
        joined = maker(
            bare,
            node.input(1).get_source_output(),
            strides,
            first,
            last,
            list(node.get_attributes()["dilations"]),
        )
        joined.set_friendly_name(node.get_friendly_name())
        for target in node.output(0).get_target_inputs():
            target.replace_source_output(joined.output(0))
    graph.validate_nodes_and_infer_types()


def fine_in_float32(openvino: ModuleType, core: Any, graph: Any) -> Any:
    """The same graph with the backbone's layers at strides up to 16 kept in float32, whatever precision it is compiled for.

    Traces of blending are small differences between neighbouring pixels. The fine layers, depthwise convolutions above all, lose them in
    eight bits of mantissa; what follows does not (docs/performance.md).
    """
    size = list(graph.inputs[0].get_shape())[2]
    names = [
        node.get_friendly_name() for node in graph.get_ordered_ops() if _BACKBONE in node.get_friendly_name()
    ]
    heights = {node.get_friendly_name(): _height(node) for node in graph.get_ordered_ops()}
    last = max(index for index, name in enumerate(names) if heights[name] * _FINE_STRIDE >= size)
    fine = set(names[: last + 1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.xml"
        openvino.save_model(graph, path, compress_to_fp16=False)
        tree = ET.parse(path)
        for layer in tree.iterfind("layers/layer"):
            if layer.get("name") in fine and layer.get("type") != "Const":
                _mark(layer)
        return core.read_model(ET.tostring(tree.getroot()), path.with_suffix(".bin").read_bytes())


def keeps_float32(compiled: Any) -> bool:
    """Whether the first convolution of a compiled graph, the one that sees the pixels, is carried out in float32."""
    infos = (node.get_rt_info() for node in compiled.get_runtime_model().get_ordered_ops())
    return (
        next(
            (
                str(info["runtimePrecision"].value)
                for info in infos
                if info["layerType"].value == "Convolution"
            ),
            "none",
        )
        == "f32"
    )


def _height(node: Any) -> int:
    """Of a node's first output, where that is a batch of maps; else 0."""
    outputs = node.outputs()
    shape = list(outputs[0].get_partial_shape()) if outputs else []
    return shape[2].get_length() if len(shape) == 4 and shape[2].is_static else 0


def _mark(layer: ET.Element) -> None:
    """Add what tells OpenVINO to leave a layer's precision alone; it stands before the layer's inputs."""
    notes = layer.find("rt_info")
    if notes is None:
        notes = ET.Element("rt_info")
        layer.insert(0 if layer.find("data") is None else 1, notes)
    ET.SubElement(notes, "attribute", name="precise", version="0")
