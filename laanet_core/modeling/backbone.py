"""Backbone of a LAA-Net: any timm network that offers four feature levels."""

from __future__ import annotations

from typing import Any

import timm
from torch import Tensor, nn

from laanet_core.errors import InvalidConfig
from laanet_core.modeling.config import ModelConfig

# Strides of the levels C3, C4 and C5, which the decoder takes as lateral features.
LATERAL_STRIDES = (8, 16, 32)

# The paper's backbone was pretrained with TensorFlow's momentum of 0.99, which torch counts as 1 - 0.99.
BATCH_NORM_MOMENTUM = 0.01


class Backbone(nn.Module):
    """timm network from images (N, 3, S, S) to the feature levels C6, C5, C4, C3.

    C6 is the head's feature at stride 32; C5, C4 and C3 are the last block outputs at strides 32, 16 and 8.
    `channels` are those of (C6, C5, C4, C3). Raises InvalidConfig if timm does not know the name or the
    backbone lacks one of the strides 4 to 32.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.network: Any = _create(config)
        levels = self.network.feature_info
        # If several levels have one stride, the last of them counts.
        level_of_stride = {level["reduction"]: index for index, level in enumerate(levels)}
        missing = [str(stride) for stride in (4, *LATERAL_STRIDES) if stride not in level_of_stride]
        if missing:
            raise InvalidConfig(f"backbone {config.backbone} has no features at stride {', '.join(missing)}")
        self._indices = [level_of_stride[stride] for stride in LATERAL_STRIDES]
        c3, c4, c5 = (levels[index]["num_chs"] for index in self._indices)
        self.channels: tuple[int, int, int, int] = (int(self.network.num_features), c5, c4, c3)
        if config.stage3_padding == "released":
            _pad_stage3_as_released(self.network, config.backbone)

    def stages(self, count: int) -> list[nn.Module]:
        """Return the stem and the first `count` stages.

        Raises InvalidConfig if the network has fewer stages, or is not built of `blocks`.
        """
        if not count:
            return []
        blocks = getattr(self.network, "blocks", ())
        if count > len(blocks):
            raise InvalidConfig(f"{count} stages cannot be frozen: this backbone has {len(blocks)}")
        stem = (getattr(self.network, name, None) for name in ("conv_stem", "bn1"))
        return [*(part for part in stem if part is not None), *blocks[:count]]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return C6, C5, C4, C3, each (N, C, S/stride, S/stride), for images (N, 3, S, S)."""
        c6, (c3, c4, c5) = self.network.forward_intermediates(
            images, indices=self._indices, output_fmt="NCHW"
        )
        # A few backbones return the channels last.
        if c6.shape[1] != self.channels[0]:
            c6 = c6.permute(0, 3, 1, 2)
        return c6, c5, c4, c3


def _create(config: ModelConfig) -> Any:
    """Return timm's network without its classifier. Raises InvalidConfig if it cannot be a backbone."""
    if not timm.is_model(config.backbone):
        raise InvalidConfig(f"timm knows no backbone named {config.backbone!r}")
    try:
        network = timm.create_model(
            config.backbone,
            pretrained=False,
            num_classes=0,
            global_pool="",
            drop_path_rate=config.drop_path_rate,
        )
    except TypeError:
        # Families without stochastic depth have no such parameter.
        network = timm.create_model(config.backbone, pretrained=False, num_classes=0, global_pool="")
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = BATCH_NORM_MOMENTUM
    if not hasattr(network, "forward_intermediates") or not hasattr(network, "feature_info"):
        raise InvalidConfig(f"backbone {config.backbone} does not offer intermediate features")
    return network


def _pad_stage3_as_released(network: Any, name: str) -> None:
    """Pad the 5x5 stride-2 convolution that opens stage 3 as in a network built for 380 pixels.

    The new convolution has random weights until a checkpoint is loaded. Raises InvalidConfig if the network
    has no such convolution.
    """
    blocks: Any = getattr(network, "blocks", ())
    old: Any = getattr(blocks[2][0], "conv_dw", None) if len(blocks) > 2 else None
    has_convolution = old is not None and old.kernel_size == (5, 5) and old.stride == (2, 2)
    if not has_convolution:
        raise InvalidConfig(
            "stage3_padding='released' needs a network whose stage 3 opens with a 5x5 stride-2 convolution, "
            f"not {name}"
        )
    blocks[2][0].conv_dw = nn.Conv2d(
        old.in_channels,
        old.out_channels,
        kernel_size=5,
        stride=2,
        padding=2,
        groups=old.groups,
        bias=old.bias is not None,
    )
