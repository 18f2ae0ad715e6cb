"""A network to start training from: random decoder and heads over a pretrained backbone."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from laanet_core.errors import InvalidWeights
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.laanet import LAANet


def begin(model_config: ModelConfig, backbone_weights: Path | None, *, seed: int = 0) -> LAANet:
    """A network to train: decoder and heads random by `seed`, and the backbone's pretrained weights where they are given.

    `backbone_weights` is a safetensors file or a pickled state dict whose tensors follow timm's order and shapes (names may differ, as
    in the original EfficientNet-Lite releases; a classifier at the end is left out). Raises InvalidWeights when they do not fit.
    """
    torch.manual_seed(seed)
    model = LAANet(model_config)
    if backbone_weights is not None:
        _load_backbone(model, backbone_weights)
    return model


def _load_backbone(model: LAANet, path: Path) -> None:
    given = _read(path)
    network = model.backbone.network
    wanted = {
        name: value
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    values = [value for name, value in given.items() if not name.endswith("num_batches_tracked")]
    if len(values) < len(wanted):
        raise InvalidWeights(f"{path.name} holds {len(values)} tensors, the backbone has {len(wanted)}")
    for name, value in zip(wanted, values, strict=False):
        if wanted[name].shape != value.shape:
            raise InvalidWeights(
                f"{path.name}: a tensor of shape {tuple(value.shape)} where {name} has {tuple(wanted[name].shape)}"
            )
    network.load_state_dict(dict(zip(wanted, values, strict=False)), strict=False)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        given: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return given
    except (OSError, RuntimeError, EOFError, SafetensorError, pickle.UnpicklingError) as error:
        raise InvalidWeights(f"cannot read backbone weights from {path.name}: {error}") from error
