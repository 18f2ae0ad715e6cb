from __future__ import annotations

import math

import pytest
import torch

from laanet_core.modeling.laanet import LAANet
from laanet_core.training.losses import LossConfig, all_losses, consistency_loss, heatmap_loss
from tests.core.conftest import TINY


def test_heatmap_loss_of_two_cells_by_hand() -> None:
    logits = torch.tensor([[[0.0, 1.0]]])
    target = torch.tensor([[[1.0, 0.5]]])
    p0, p1 = 0.5, 1 / (1 + math.exp(-1))
    smoothed = 1 - 0.35 + 0.35 * 0.2
    expected = -(smoothed * (1 - p0) ** 2 * math.log(p0) + 0.5**4 * p1**2 * math.log(1 - p1)) / 1
    assert heatmap_loss(logits, target, LossConfig()).item() == pytest.approx(expected, rel=1e-6)


def test_heatmap_loss_without_points_divides_by_one() -> None:
    logits = torch.zeros(1, 2, 2)
    assert heatmap_loss(logits, torch.zeros(1, 2, 2), LossConfig()).item() == pytest.approx(
        -4 * 0.25 * math.log(0.5), rel=1e-6
    )


def test_consistency_loss_by_hand() -> None:
    # The cells have the embeddings (1, 0) and (2, 2).
    embeddings = torch.tensor([[1.0, 2.0], [0.0, 2.0]]).reshape(1, 2, 1, 2)
    target = torch.tensor([[[1.0, 0.25]]])
    own, other = (1 / (1 + math.exp(-dot / math.sqrt(2))) for dot in (1.0, 2.0))
    expected = -(math.log(own) + 0.25 * math.log(other) + 0.75 * math.log(1 - other)) / 2
    assert consistency_loss(embeddings, target, torch.tensor([0])).item() == pytest.approx(expected, rel=1e-6)


def test_images_without_maps_train_the_classifier_only() -> None:
    model = LAANet(TINY).eval()
    output = model(torch.randn(2, 3, 64, 64), consistency=True)
    maps = torch.rand(2, 16, 16)
    arguments = (torch.tensor([0.0, 1.0]), maps, maps, torch.tensor([0, 5]))
    losses = all_losses(output, *arguments, torch.zeros(2, 2, dtype=torch.bool), LossConfig())
    assert losses.heatmap.item() == losses.consistency.item() == 0
    assert losses.total.item() == pytest.approx(losses.classification.item())
    losses.total.backward()
    assert not any(p.grad is not None and p.grad.any() for p in model.heatmap_head.parameters())
    assert any(p.grad is not None and p.grad.any() for p in model.classification_head.parameters())


def test_a_painted_region_trains_the_heatmap_only() -> None:
    output = LAANet(TINY).eval()(torch.randn(2, 3, 64, 64), consistency=True)
    maps, label = torch.rand(2, 16, 16), torch.tensor([0.0, 1.0])
    has_maps = torch.tensor([[True, True], [True, False]])
    losses = all_losses(output, label, maps, maps, torch.tensor([0, 5]), has_maps, LossConfig())
    assert losses.heatmap.item() == pytest.approx(
        heatmap_loss(output.heatmap_logits.squeeze(1), maps, LossConfig()).item()
    )
    assert output.embeddings is not None
    assert losses.consistency.item() == pytest.approx(
        consistency_loss(output.embeddings[:1], maps[:1], torch.tensor([0])).item()
    )


def test_losses_without_embeddings_are_refused() -> None:
    output = LAANet(TINY).eval()(torch.randn(1, 3, 64, 64))
    maps = torch.rand(1, 16, 16)
    with pytest.raises(ValueError, match="embeddings"):
        all_losses(
            output,
            torch.ones(1),
            maps,
            maps,
            torch.tensor([0]),
            torch.ones(1, 2, dtype=torch.bool),
            LossConfig(),
        )
