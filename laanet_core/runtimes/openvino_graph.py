"""Changes to OpenVINO's graph of a network before it is compiled."""

from __future__ import annotations

import tempfile

# ElementTree is safe here: it reads only XML that OpenVINO has just written.
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType
from typing import Any

# Version of the changes below, part of the name of cached graphs. Increase it whenever graphs change.
GRAPH_FORMAT = 2

# Largest stride of the layers that stay in float32.
_FINE_STRIDE = 16

# Part of the names that tracing gives to the backbone's layers.
_BACKBONE = ".backbone."


def join_padding(graph: Any) -> None:
    """Replace each padding step and the convolution after it by one convolution that pads, in place.

    TensorFlow's "same" padding is such a step. The compiler would join the two as well, but its new
    convolutions lose the marks of `keep_fine_layers_in_float32`.
    """
    from openvino import opset8

    factories = {"Convolution": opset8.convolution, "GroupConvolution": opset8.group_convolution}
    for node in graph.get_ordered_ops():
        factory = factories.get(node.get_type_name())
        if factory is None:
            continue
        padding = node.input(0).get_source_output().get_node()
        if padding.get_type_name() != "Pad":
            continue
        unpadded = padding.input(0).get_source_output()
        height, width = list(unpadded.get_shape())[2:]
        padded_height, padded_width = list(padding.get_output_shape(0))[2:]
        # "Same" padding adds the odd pixel below and to the right.
        top = (padded_height - height) // 2
        left = (padded_width - width) // 2
        bottom = padded_height - height - top
        right = padded_width - width - left
        attributes = node.get_attributes()
        convolution = factory(
            data=unpadded,
            filters=node.input(1).get_source_output(),
            strides=list(attributes["strides"]),
            pads_begin=[top, left],
            pads_end=[bottom, right],
            dilations=list(attributes["dilations"]),
        )
        convolution.set_friendly_name(node.get_friendly_name())
        for target in node.output(0).get_target_inputs():
            target.replace_source_output(convolution.output(0))
    graph.validate_nodes_and_infer_types()


def keep_fine_layers_in_float32(openvino: ModuleType, core: Any, graph: Any) -> Any:
    """Return the graph with the backbone's layers at strides up to 16 marked to stay in float32.

    Traces of blending are small differences between neighbouring pixels. The fine layers, depthwise
    convolutions above all, lose them in the eight mantissa bits of bfloat16; the later layers do not
    (docs/performance.md).
    """
    size = list(graph.inputs[0].get_shape())[2]
    nodes = graph.get_ordered_ops()
    heights = {node.get_friendly_name(): _height(node) for node in nodes}
    # The backbone's layers in the order of their execution.
    backbone = [node.get_friendly_name() for node in nodes if _BACKBONE in node.get_friendly_name()]
    last_fine = max(index for index, name in enumerate(backbone) if heights[name] * _FINE_STRIDE >= size)
    fine_layers = set(backbone[: last_fine + 1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.xml"
        openvino.save_model(graph, path, compress_to_fp16=False)
        tree = ET.parse(path)
        for layer in tree.iterfind("layers/layer"):
            if layer.get("name") in fine_layers and layer.get("type") != "Const":
                _mark_precise(layer)
        weights = path.with_suffix(".bin").read_bytes()
        return core.read_model(ET.tostring(tree.getroot()), weights)


def first_convolution_is_float32(compiled: Any) -> bool:
    """Return whether a compiled graph runs the convolution that sees the pixels in float32."""
    for node in compiled.get_runtime_model().get_ordered_ops():
        info = node.get_rt_info()
        if info["layerType"].value == "Convolution":
            return str(info["runtimePrecision"].value) == "f32"
    return False


def _height(node: Any) -> int:
    """Return the height of a node's first output if that is a batch of maps, else 0."""
    outputs = node.outputs()
    if not outputs:
        return 0
    shape = list(outputs[0].get_partial_shape())
    is_batch_of_maps = len(shape) == 4 and shape[2].is_static
    return shape[2].get_length() if is_batch_of_maps else 0


def _mark_precise(layer: ET.Element) -> None:
    """Tell OpenVINO to keep a layer's precision. The mark must stand before the layer's inputs."""
    notes = layer.find("rt_info")
    if notes is None:
        notes = ET.Element("rt_info")
        position = 0 if layer.find("data") is None else 1
        layer.insert(position, notes)
    ET.SubElement(notes, "attribute", name="precise", version="0")
