"""Choice of device."""

from __future__ import annotations

import pytest
import torch

from laanet_core.errors import InvalidConfig
from laanet_core.modeling.device import DEVICES, pick_device


def test_auto_is_an_available_device_and_unknown_ones_are_refused() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device().type in DEVICES
    with pytest.raises(InvalidConfig, match="tpu"):
        pick_device("tpu")
