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
_BACKBONE = "backbone.network."
_TWIN, _ORIGINAL = "inception_block.", "deconv_4.0."

# Our prefixes and theirs; the longest prefix of a name applies.
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
    names = key_names(model)
    _check(theirs, names, ours)
    model.load_state_dict({name: theirs[key].to(ours[name].dtype) for name, key in names.items()})
    return save_weights(
        model, folder, version="official", card={"source": "official LAA-Net checkpoint", "notice": NOTICE}
    )


def key_names(model: LAANet) -> dict[str, str]:
    """Return the released checkpoint's key for each name in our state dict.

    The backbone's keys are found by block and role, those of decoder and heads by prefix.
    """
    own = list(model.state_dict())
    backbone = [name for name in own if name.startswith(_BACKBONE)]
    names = dict(zip(backbone, _backbone_keys(backbone), strict=True))
    names.update({name: _renamed(name) for name in own if not name.startswith(_BACKBONE)})
    return names


def _backbone_keys(names: list[str]) -> list[str]:
    """The released names of timm's EfficientNet tensors, block by block.

    Blocks are numbered through all stages; a block's convolutions and BatchNorms are named by their role.
    Blocks of the first stage do not expand, so their first BatchNorm is `_bn1`.
    """
    numbers: dict[str, int] = {}
    keys: list[str] = []
    for name in names:
        parts = name.removeprefix(_BACKBONE).split(".")
        if parts[0] != "blocks":
            keys.append(
                ".".join(
                    [
                        {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1"}[
                            parts[0]
                        ],
                        *parts[1:],
                    ]
                )
            )
            continue
        block = ".".join(parts[1:3])
        number = numbers.setdefault(block, len(numbers))
        roles = _FIRST_STAGE_ROLES if parts[1] == "0" else _ROLES
        role = ".".join(parts[3:-1])
        keys.append(f"_blocks.{number}.{roles[role]}.{parts[-1]}")
    return keys


_SQUEEZE = {"se.conv_reduce": "_se_reduce", "se.conv_expand": "_se_expand"}
_FIRST_STAGE_ROLES = {
    "conv_dw": "_depthwise_conv",
    "bn1": "_bn1",
    "conv_pw": "_project_conv",
    "bn2": "_bn2",
    **_SQUEEZE,
}
_ROLES = {
    "conv_pw": "_expand_conv",
    "bn1": "_bn0",
    "conv_dw": "_depthwise_conv",
    "bn2": "_bn1",
    "conv_pwl": "_project_conv",
    "bn3": "_bn2",
    **_SQUEEZE,
}


def _renamed(name: str) -> str:
    prefix = max((prefix for prefix in _DECODER if name.startswith(prefix)), key=len)
    return _DECODER[prefix] + name.removeprefix(prefix)


def _state_dict(checkpoint: Path) -> dict[str, Tensor]:
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
    if (
        not isinstance(states, dict)
        or not states
        or not all(isinstance(value, Tensor) for value in states.values())
    ):
        raise InvalidWeights(f"{checkpoint.name} holds no state dict")
    renamed = {str(key).removeprefix("module."): value for key, value in states.items()}
    if len(renamed) < len(states):
        twice = sorted(
            str(key)
            for key in states
            if str(key).startswith("module.") and str(key).removeprefix("module.") in states
        )
        raise InvalidWeights(
            f"unexpected {', '.join(twice[:3])}: the checkpoint holds it without the prefix too"
        )
    return renamed


def _check(theirs: Mapping[str, Tensor], names: Mapping[str, str], ours: Mapping[str, Tensor]) -> None:
    shapes = {key: tuple(ours[name].shape) for name, key in names.items()}
    twins = {_TWIN + key.removeprefix(_ORIGINAL): key for key in names.values() if key.startswith(_ORIGINAL)}
    require_fit(theirs, {**shapes, **{twin: shapes[key] for twin, key in twins.items()}})
    for twin, key in twins.items():
        if not torch.equal(theirs[twin], theirs[key]):
            raise InvalidWeights(f"{twin} and {key} should be one tensor but differ")
