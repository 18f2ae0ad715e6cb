from __future__ import annotations

from pathlib import Path

import pytest
import torch

from laanet_core.errors import InvalidWeights
from laanet_core.modeling.laanet import LAANet
from laanet_core.training.initialization import initial_network
from tests.core.conftest import TINY


def test_pretrained_backbones_load_by_order_and_shape(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = LAANet(TINY).backbone.network
    renamed = {
        f"_weird.{index}": value
        for index, value in enumerate(network.state_dict().values())
        if value.ndim or value.is_floating_point()
    }
    torch.save(renamed, tmp_path / "given.pth")
    loaded = initial_network(TINY, tmp_path / "given.pth").backbone.network
    for (name, value), other in zip(network.state_dict().items(), loaded.state_dict().values(), strict=True):
        assert torch.equal(value, other), name
    torch.save(dict(list(renamed.items())[:-1]), tmp_path / "short.pth")
    with pytest.raises(InvalidWeights, match="tensors"):
        initial_network(TINY, tmp_path / "short.pth")
    torch.save({**renamed, "_weird.0": torch.zeros(2)}, tmp_path / "bent.pth")
    with pytest.raises(InvalidWeights, match="shape"):
        initial_network(TINY, tmp_path / "bent.pth")


def test_the_seed_determines_the_random_weights() -> None:
    first, second, other = (initial_network(TINY, None, seed=seed) for seed in (1, 1, 2))
    name = "classification_head.linear.weight"
    assert torch.equal(first.state_dict()[name], second.state_dict()[name])
    assert not torch.equal(first.state_dict()[name], other.state_dict()[name])
