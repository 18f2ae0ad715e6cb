from __future__ import annotations

import torch

from laanet_core.training.mixed_precision import keep_depthwise_float32


def test_depthwise_convolutions_agree_in_and_out_of_autocast() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(8, 8, 3, groups=8), torch.nn.ReLU())
    features = torch.randn(2, 8, 9, 9)
    plain = model(features)
    keep_depthwise_float32(model)
    assert torch.equal(model(features), plain)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = model(features.bfloat16())
    assert mixed.dtype == torch.bfloat16
    assert torch.allclose(mixed.float(), plain, atol=0.03)
