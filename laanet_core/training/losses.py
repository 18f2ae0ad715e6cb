"""The three losses of LAA-Net (paper section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from laanet_core.modeling.laanet import LAANetOutput

# Exponent of the error in CornerNet's focal loss.
_FOCUS = 2

# Exponent, in the same loss, of the distance of a negative cell's target from 1.
_NEGATIVE_FOCUS = 4

# Probabilities are kept this far from 0 and 1, so that their logarithm is finite.
_MARGIN = 1e-4


@dataclass(frozen=True)
class LossConfig:
    """Weights of the heatmap and consistency losses beside the classification loss (10 and 10 in the paper).

    `smoothing` is the label smoothing of the heatmap's positives, `noise_share` the share of it that is added
    back as noise.
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
    """Return CornerNet's focal loss with smoothed positives, a scalar.

    logits and target (N, h, w), target in [0, 1]. Positives are the cells whose target is 1. The sum is
    divided by their number, or by 1 if there is none.
    """
    probability = logits.sigmoid().clamp(_MARGIN, 1 - _MARGIN)
    is_positive = target >= 1
    smoothed_label = 1 - config.smoothing + config.smoothing * config.noise_share
    positive_term = smoothed_label * (1 - probability).pow(_FOCUS) * probability.log()
    negative_term = (1 - target).pow(_NEGATIVE_FOCUS) * probability.pow(_FOCUS) * (1 - probability).log()
    total = torch.where(is_positive, positive_term, negative_term).sum()
    return -total / is_positive.sum().clamp(min=1)


def consistency_loss(embeddings: Tensor, target: Tensor, anchor: Tensor) -> Tensor:
    """Return the binary cross-entropy between C and the similarity to the anchor (paper eq. 6).

    embeddings (N, E, h, w), target (N, h, w) in [0, 1], anchor (N,) flat cell index; the result is a scalar.
    """
    if not len(embeddings):
        # This sum is zero, but belongs to the graph, so that the backward pass works.
        return embeddings.sum()
    vectors = embeddings.flatten(2)  # (N, E, h*w)
    width = vectors.shape[1]
    anchor_index = anchor[:, None, None].expand(-1, width, 1)  # (N, E, 1)
    anchor_vectors = vectors.gather(2, anchor_index)  # (N, E, 1)
    similarity_logit = (vectors * anchor_vectors).sum(dim=1) / width**0.5  # (N, h*w)
    return functional.binary_cross_entropy_with_logits(similarity_logit, target.flatten(1))


def all_losses(
    output: LAANetOutput,
    label: Tensor,
    heatmap: Tensor,
    consistency: Tensor,
    anchor: Tensor,
    has_maps: Tensor,
    config: LossConfig,
) -> Losses:
    """Return L = BCE + weighted heatmap loss + weighted consistency loss.

    label (N,) 1 = fake; heatmap and consistency (N, h, w); anchor (N,) flat cell index. has_maps (N, 2) bool
    says for each image whether it has a target for its heatmap and for its consistency; fakes with an unknown
    mask contribute to the classification loss only. Without embeddings the consistency loss is 0; ValueError
    is raised if it has a weight all the same.
    """
    if output.embeddings is None and config.consistency_weight > 0:
        raise ValueError("the consistency loss needs the network's embeddings")
    classification = functional.binary_cross_entropy_with_logits(output.fake_logit.float(), label.float())
    has_heatmap, has_consistency = has_maps.unbind(1)
    heatmap_logits = output.heatmap_logits.float().squeeze(1)  # (N, h, w)
    heatmap_term = heatmap_loss(heatmap_logits[has_heatmap], heatmap[has_heatmap], config)
    consistency_term = heatmap_term.new_zeros(())
    if output.embeddings is not None:
        consistency_term = consistency_loss(
            output.embeddings.float()[has_consistency],
            consistency[has_consistency],
            anchor[has_consistency],
        )
    total = (
        classification + config.heatmap_weight * heatmap_term + config.consistency_weight * consistency_term
    )
    return Losses(
        total=total, classification=classification, heatmap=heatmap_term, consistency=consistency_term
    )
