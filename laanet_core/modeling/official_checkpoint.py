"""Conversion of the authors' checkpoint: a renaming that is checked tensor by tensor."""

from __future__ import annotations

import dataclasses
import pickle
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from laanet_core.errors import InvalidWeights
from laanet_core.modeling.config import LAANET_B4
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from laanet_core.modeling.weights_files import require_fit
from laanet_core.results import ModelInfo

RELEASED_CONFIG = dataclasses.replace(LAANET_B4, stage3_padding="released")
NOTICE = (
    "These weights come from the LAA-Net authors' checkpoint and stay under their SnT academic licence: "
    "for research only, not for commercial use."
)

# Prefix of the backbone's tensors in our state dict.
_BACKBONE = "backbone.network."

# The checkpoint stores the tensors of its Inception block twice, under these two prefixes.
_ORIGINAL = "deconv_4.0."
_TWIN = "inception_block."

# Prefixes of decoder and heads: ours, and those of the checkpoint. The longest prefix of a name applies.
_DECODER = {
    "pyramid.p5.": "deconv_1.0.",
    "pyramid.p4.0.": "deconv_2.0.",
    "pyramid.p4.": "deconv_2.",
    "pyramid.p3.0.": "deconv_3.0.",
    "pyramid.p3.": "deconv_3.",
    "pyramid.p2.0.pointwise.": "deconv_4.0.pw_block.",
    "pyramid.p2.0.conv3.": "deconv_4.0.conv3_block.",
    "pyramid.p2.0.conv5.": "deconv_4.0.conv5_block.",
    "pyramid.p2.": "deconv_4.",
    "classification_head.stem.": "cls.",
    "classification_head.linear.": "cls.5.",
    "heatmap_head.0.": "hm.",
    "heatmap_head.1.": "hm.3.",
    "consistency_head.0.": "cstency.",
    "consistency_head.1.": "cstency.3.",
}


def convert(checkpoint: Path, folder: Path) -> ModelInfo:
    """Write an official LAA-Net checkpoint as `folder/{config.json, model.safetensors}`.

    Accepts `{"state_dict": ...}` or the state dict itself, with or without `module.` prefixes, in any
    floating-point type. The pickle is read with weights_only=True. Raises InvalidWeights naming the key
    that is missing, unexpected, misshapen or different from its twin.
    """
    theirs = _state_dict(checkpoint)
    model = LAANet(RELEASED_CONFIG)
    ours = model.state_dict()
    keys = key_names(model)
    _check(theirs, keys, ours)
    model.load_state_dict({name: theirs[key].to(ours[name].dtype) for name, key in keys.items()})
    return save_weights(
        model, folder, version="official", card={"source": "official LAA-Net checkpoint", "notice": NOTICE}
    )


def key_names(model: LAANet) -> dict[str, str]:
    """Return the released checkpoint's key for each name in our state dict.

    The backbone's keys are derived from block and layer, those of decoder and heads from prefixes.
    """
    names = list(model.state_dict())
    backbone_names = [name for name in names if name.startswith(_BACKBONE)]
    keys = dict(zip(backbone_names, _backbone_keys(backbone_names), strict=True))
    keys.update({name: _renamed(name) for name in names if not name.startswith(_BACKBONE)})
    return keys


def _backbone_keys(names: list[str]) -> list[str]:
    """Return the released names of timm's EfficientNet tensors, in the same order.

    timm names a tensor `blocks.<stage>.<block of the stage>.<layer>.<tensor>`; the checkpoint numbers the
    blocks through all stages and has other names for the layers.
    """
    block_numbers: dict[str, int] = {}
    keys: list[str] = []
    for name in names:
        parts = name.removeprefix(_BACKBONE).split(".")
        if parts[0] != "blocks":
            layer, *rest = parts
            keys.append(".".join([_OUTER_LAYERS[layer], *rest]))
            continue
        _, stage, block_of_stage, *layer_parts, tensor = parts
        number = block_numbers.setdefault(f"{stage}.{block_of_stage}", len(block_numbers))
        layers = _FIRST_STAGE_LAYERS if stage == "0" else _LAYERS
        layer = layers[".".join(layer_parts)]
        keys.append(f"_blocks.{number}.{layer}.{tensor}")
    return keys


# Layers of an EfficientNet: timm's names, and those of the checkpoint. Blocks of the first stage do not
# expand the channels; they have neither the convolution nor the BatchNorm of that step.
_OUTER_LAYERS = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1"}
_SQUEEZE_LAYERS = {"se.conv_reduce": "_se_reduce", "se.conv_expand": "_se_expand"}
_FIRST_STAGE_LAYERS = {
    "conv_dw": "_depthwise_conv",
    "bn1": "_bn1",
    "conv_pw": "_project_conv",
    "bn2": "_bn2",
    **_SQUEEZE_LAYERS,
}
_LAYERS = {
    "conv_pw": "_expand_conv",
    "bn1": "_bn0",
    "conv_dw": "_depthwise_conv",
    "bn2": "_bn1",
    "conv_pwl": "_project_conv",
    "bn3": "_bn2",
    **_SQUEEZE_LAYERS,
}


def _renamed(name: str) -> str:
    """Return the checkpoint's name of a tensor of decoder or heads."""
    prefix = max((prefix for prefix in _DECODER if name.startswith(prefix)), key=len)
    return _DECODER[prefix] + name.removeprefix(prefix)


def _state_dict(checkpoint: Path) -> dict[str, Tensor]:
    """Return a checkpoint's tensors without `module.` prefixes. Raises InvalidWeights if it is malformed."""
    try:
        content: Any = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InvalidWeights(f"there is no file {checkpoint.name}") from error
    except (
        OSError,
        RuntimeError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        struct.error,
        pickle.UnpicklingError,
    ) as error:
        raise InvalidWeights(f"{checkpoint.name} is not a checkpoint that can be read safely") from error
    states = content.get("state_dict", content) if isinstance(content, dict) else None
    has_tensors = isinstance(states, dict) and all(isinstance(value, Tensor) for value in states.values())
    if not has_tensors or not states:
        raise InvalidWeights(f"{checkpoint.name} holds no state dict")
    renamed: dict[str, Tensor] = {}
    duplicates: list[str] = []
    for key, value in states.items():
        name = str(key).removeprefix("module.")
        if name != str(key) and name in states:
            duplicates.append(str(key))
        renamed[name] = value
    if duplicates:
        first_duplicates = ", ".join(sorted(duplicates)[:3])
        raise InvalidWeights(f"unexpected {first_duplicates}: the checkpoint holds it without the prefix too")
    return renamed


def _check(theirs: Mapping[str, Tensor], keys: Mapping[str, str], ours: Mapping[str, Tensor]) -> None:
    """Raise InvalidWeights unless their tensors have our shapes and each twin equals its original.

    `keys` maps our names to those of the checkpoint.
    """
    shapes = {key: tuple(ours[name].shape) for name, key in keys.items()}
    originals = [key for key in keys.values() if key.startswith(_ORIGINAL)]
    twins = {original: _TWIN + original.removeprefix(_ORIGINAL) for original in originals}
    twin_shapes = {twin: shapes[original] for original, twin in twins.items()}
    require_fit(theirs, {**shapes, **twin_shapes})
    for original, twin in twins.items():
        if not torch.equal(theirs[twin], theirs[original]):
            raise InvalidWeights(f"{twin} and {original} should be one tensor but differ")
