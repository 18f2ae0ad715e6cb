from __future__ import annotations

import dataclasses

import pytest
import torch

from laanet_core.errors import InvalidWeights
from laanet_core.modeling.averaging import average_networks
from laanet_core.modeling.laanet import LAANet
from tests.core.conftest import TINY


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_every_weight_is_the_mean_of_two(share: float) -> None:
    first, second = LAANet(TINY), LAANet(TINY)
    average = average_networks(first, second, share)
    assert not average.training
    states = zip(
        average.state_dict().items(),
        first.state_dict().values(),
        second.state_dict().values(),
        strict=True,
    )
    for (name, mean), one, other in states:
        expected = (1 - share) * one + share * other if one.is_floating_point() else one
        assert torch.allclose(mean, expected, atol=1e-6), name


def test_other_configurations_are_refused() -> None:
    other = dataclasses.replace(TINY, head_width=16)
    with pytest.raises(InvalidWeights, match="one configuration"):
        average_networks(LAANet(TINY), LAANet(other))
