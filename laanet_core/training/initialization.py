"""Initial networks of training: random decoder and heads over a pretrained backbone."""

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

# BatchNorm's step counter: not a weight, and absent from some releases.
_COUNTER = "num_batches_tracked"


def initial_network(model_config: ModelConfig, backbone_weights: Path | None, *, seed: int = 0) -> LAANet:
    """Return a network with random weights drawn from `seed`.

    If `backbone_weights` is a file, its backbone gets the pretrained weights of this file instead. The file
    is a safetensors file or a pickled state dict whose tensors have timm's order and shapes. Names may
    differ, as in the original EfficientNet-Lite releases; a classifier at the end is ignored. Raises
    InvalidWeights if the tensors do not fit.
    """
    torch.manual_seed(seed)
    model = LAANet(model_config)
    if backbone_weights is not None:
        _load_backbone(model, backbone_weights)
    return model


def _load_backbone(model: LAANet, path: Path) -> None:
    """Copy a file's tensors into the backbone, in their order. Raises InvalidWeights if they do not fit."""
    network = model.backbone.network
    names = [name for name in network.state_dict() if not name.endswith(_COUNTER)]
    values = [value for name, value in _read_tensors(path).items() if not name.endswith(_COUNTER)]
    if len(values) < len(names):
        raise InvalidWeights(f"{path.name} holds {len(values)} tensors, the backbone has {len(names)}")
    # Not strict, because a classifier may follow.
    state = dict(zip(names, values, strict=False))
    for name, expected in network.state_dict().items():
        if name in state and state[name].shape != expected.shape:
            raise InvalidWeights(
                f"{path.name}: a tensor of shape {tuple(state[name].shape)} "
                f"where {name} has {tuple(expected.shape)}"
            )
    network.load_state_dict(state, strict=False)


def _read_tensors(path: Path) -> dict[str, Tensor]:
    """Return a file's tensors by name, in their order. Raises InvalidWeights if it cannot be read."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return state
    except (OSError, RuntimeError, EOFError, SafetensorError, pickle.UnpicklingError) as error:
        raise InvalidWeights(f"cannot read backbone weights from {path.name}: {error}") from error
