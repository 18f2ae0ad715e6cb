"""Feature pyramid and heads."""

from __future__ import annotations

import torch

from laanet_core.modeling.feature_pyramid import ClassificationHead, EnhancedFeaturePyramid, MapHead, gate


def test_gate_passes_half_of_the_lateral_feature_at_zero() -> None:
    lateral = torch.rand(1, 2, 3, 3)
    gated = gate(torch.zeros(1, 2, 3, 3), lateral)
    assert torch.equal(gated[:, 2:], lateral / 2)


def test_pyramid_and_heads_have_the_documented_shapes() -> None:
    pyramid = EnhancedFeaturePyramid((12, 10, 8, 6), (8, 8, 4), 8).eval()
    levels = [
        torch.rand(2, 12, 2, 2),
        torch.rand(2, 10, 2, 2),
        torch.rand(2, 8, 4, 4),
        torch.rand(2, 6, 8, 8),
    ]
    fused = pyramid(*levels)
    assert fused.shape == (2, 8, 16, 16)
    assert ClassificationHead(8, 4).eval()(fused).shape == (2,)
    assert MapHead(8, 4, 3).eval()(fused).shape == (2, 3, 16, 16)
