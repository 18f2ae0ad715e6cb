"""The three losses of LAA-Net (paper section 3.4; laa-net.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from laanet_core.modeling.laanet import LAANetOutput


@dataclass(frozen=True)
class LossConfig:
    """Weights of the heatmap and consistency losses beside the classification loss (paper: 10 and 10), and the label smoothing
    of the heatmap's positives with the share of it given back as noise.
    """

    heatmap_weight: float = 10.0
    consistency_weight: float = 10.0
    smoothing: float = 0.35
    noise_share: float = 0.2


@dataclass(frozen=True)
class Losses:
    """Scalars: `total` to minimise, and its parts before weighting."""

    total: Tensor
    classification: Tensor
    heatmap: Tensor
    consistency: Tensor


def heatmap_loss(logits: Tensor, target: Tensor, config: LossConfig) -> Tensor:
    """CornerNet's focal loss with smoothed positives. logits and target (N, h, w), target in [0, 1]; scalar.

    Positives are the cells whose target is 1; the sum is divided by their number, by 1 if there is none.
    """
    probability = logits.sigmoid().clamp(1e-4, 1 - 1e-4)
    positive = target >= 1
    kept = 1 - config.smoothing + config.smoothing * config.noise_share
    at_points = kept * (1 - probability).square() * probability.log()
    elsewhere = (1 - target).pow(4) * probability.square() * (1 - probability).log()
    total = torch.where(positive, at_points, elsewhere).sum()
    return -total / positive.sum().clamp(min=1)


def consistency_loss(embeddings: Tensor, target: Tensor, anchor: Tensor) -> Tensor:
    """BCE between C and the similarity of every cell's embedding with the anchor's (paper equation 6).

    embeddings (N, E, h, w), target (N, h, w) in [0, 1], anchor (N,) flat cell index; scalar.
    """
    if not len(embeddings):
        return embeddings.sum()  # zero, and still part of the graph
    vectors = embeddings.flatten(2)  # (N, E, h*w)
    chosen = vectors.gather(2, anchor[:, None, None].expand(-1, vectors.shape[1], 1))  # (N, E, 1)
    similarity = (vectors * chosen).sum(dim=1) / vectors.shape[1] ** 0.5  # (N, h*w), before the sigmoid
    return functional.binary_cross_entropy_with_logits(similarity, target.flatten(1))


def all_losses(
    output: LAANetOutput,
    label: Tensor,
    heatmap: Tensor,
    consistency: Tensor,
    anchor: Tensor,
    has_maps: Tensor,
    config: LossConfig,
) -> Losses:
    """L = BCE + weighted heatmap loss + weighted consistency loss.

    label (N,) 1 = fake; heatmap and consistency (N, h, w); anchor (N,); has_maps (N, 2) bool: whether there is a target for the heatmap
    and for the consistency; fakes whose mask nobody knows take part in the classification loss only. With a consistency weight of
    0 the embeddings are not needed and that loss is 0; otherwise raises ValueError if they were not asked for.
    """
    if output.embeddings is None and config.consistency_weight > 0:
        raise ValueError("the consistency loss needs the network's embeddings")
    classification = functional.binary_cross_entropy_with_logits(output.fake_logit.float(), label.float())
    with_heatmap, with_consistency = has_maps.unbind(1)
    at_points = heatmap_loss(
        output.heatmap_logits.float().squeeze(1)[with_heatmap], heatmap[with_heatmap], config
    )
    agreement = at_points.new_zeros(())
    if output.embeddings is not None:
        agreement = consistency_loss(
            output.embeddings.float()[with_consistency],
            consistency[with_consistency],
            anchor[with_consistency],
        )
    total = classification + config.heatmap_weight * at_points + config.consistency_weight * agreement
    return Losses(total, classification, at_points, agreement)
