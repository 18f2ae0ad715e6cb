"""Feature levels of timm backbones."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from laanet_core.errors import InvalidConfig
from laanet_core.modeling.backbone import Backbone
from tests.core.conftest import TINY


def test_levels_have_the_announced_channels_and_strides() -> None:
    backbone = Backbone(TINY).eval()
    levels = backbone(torch.zeros(1, 3, 64, 64))
    assert tuple(level.shape[1] for level in levels) == backbone.channels
    assert [level.shape[2] for level in levels] == [2, 2, 4, 8]
    assert len(backbone.stages(2)) == 4
    with pytest.raises(InvalidConfig, match="99 stages"):
        backbone.stages(99)


def test_unknown_backbones_and_paddings_are_refused() -> None:
    with pytest.raises(InvalidConfig, match="no backbone"):
        Backbone(dataclasses.replace(TINY, backbone="nothing"))
    with pytest.raises(InvalidConfig, match="stage 3"):
        Backbone(dataclasses.replace(TINY, backbone="resnet18", stage3_padding="released"))
