"""Enhanced feature pyramid (E-FPN) and heads of LAA-Net (paper section 3.3; layout as released)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# First bias of the heatmap head: sigmoid(-2.19) = 0.1, because few cells hold a vulnerable point.
HEATMAP_BIAS = -2.19


def conv_bn_relu(
    in_channels: int, out_channels: int, kernel_size: int, *, bias: bool = False
) -> nn.Sequential:
    """Return a convolution that keeps the size, with BatchNorm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=bias),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def gate(decoded: Tensor, lateral: Tensor) -> Tensor:
    """Append the gated lateral feature to the decoder's: (N, C, H, W) twice to (N, 2C, H, W).

    The gate closes where the decoder's feature is strong, so that the lateral feature adds only what the
    decoder lacks.
    """
    return torch.cat([decoded, (1 - decoded.sigmoid()) * lateral], dim=1)


class Upsample(nn.Sequential):
    """Block from (N, in_channels, H, W) to (N, out_channels, 2H, 2W).

    It consists of a 3x3 `conv_bn_relu`, a transposed convolution and BatchNorm. No activation ends it,
    because the sigmoid of the next gate follows.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            conv_bn_relu(in_channels, out_channels, 3),
            nn.ConvTranspose2d(out_channels, out_channels, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )


class Inception(nn.Module):
    """Four branches, each with a quarter of the output's channels, from (N, C, H, W) to the same size.

    All of them share one block of 1x1 convolutions: it comes first in three branches and last in the branch
    that pools.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        branch = out_channels // 4
        self.pointwise = conv_bn_relu(in_channels, branch, 1)
        self.conv3 = conv_bn_relu(branch, branch, 3)
        self.conv5 = conv_bn_relu(branch, branch, 5)
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Return features (N, out_channels, H, W) for features (N, in_channels, H, W)."""
        reduced = self.pointwise(features)
        pooled = self.pointwise(self.pool(features))
        return torch.cat([reduced, self.conv3(reduced), self.conv5(reduced), pooled], dim=1)


class EnhancedFeaturePyramid(nn.Module):
    """Decoder from C6, C5, C4, C3 (strides 32, 32, 16, 8) to P2 at stride 4.

    `backbone_channels` are those of (C6, C5, C4, C3), `widths` those of (P5, P4, P3). If a width differs
    from the backbone's, a 1x1 convolution with BatchNorm adapts the lateral feature; the paper's
    configuration has none.
    """

    def __init__(
        self, backbone_channels: tuple[int, int, int, int], widths: tuple[int, int, int], fusion_width: int
    ) -> None:
        super().__init__()
        c6_channels, *lateral_channels = backbone_channels
        self.laterals = nn.ModuleList(
            self._lateral(channels, width) for channels, width in zip(lateral_channels, widths, strict=True)
        )
        width5, width4, width3 = widths
        self.p5 = conv_bn_relu(c6_channels, width5, 3)
        self.p4 = Upsample(2 * width5, width4)
        self.p3 = Upsample(2 * width4, width3)
        self.p2 = nn.Sequential(
            Inception(2 * width3, fusion_width),
            nn.ConvTranspose2d(fusion_width, fusion_width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(fusion_width),
            nn.ReLU(inplace=True),
        )

    @staticmethod
    def _lateral(channels: int, width: int) -> nn.Module:
        """Return the projection of a lateral feature to `width` channels, the identity if none is needed."""
        if channels == width:
            return nn.Identity()
        return nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, c6: Tensor, c5: Tensor, c4: Tensor, c3: Tensor) -> Tensor:
        """Return P2 (N, fusion_width, S/4, S/4) for four levels (N, C, S/stride, S/stride)."""
        lateral5, lateral4, lateral3 = (
            project(level) for project, level in zip(self.laterals, (c5, c4, c3), strict=True)
        )
        p5 = self.p5(c6)
        p4 = self.p4(gate(p5, lateral5))
        p3 = self.p3(gate(p4, lateral4))
        fused: Tensor = self.p2(gate(p3, lateral3))
        return fused


class ClassificationHead(nn.Module):
    """Head from P2 (N, C, H, W) to the fake logit (N,)."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.stem = conv_bn_relu(in_channels, width, 3, bias=True)
        self.linear = nn.Linear(width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return the fake logit (N,) for features (N, C, H, W)."""
        logit: Tensor = self.linear(self.stem(features).mean(dim=(2, 3)))
        return logit.squeeze(1)


class MapHead(nn.Sequential):
    """Head from P2 (N, C, H, W) to one map of `out_channels` (N, out_channels, H, W)."""

    def __init__(self, in_channels: int, width: int, out_channels: int) -> None:
        super().__init__(conv_bn_relu(in_channels, width, 3, bias=True), nn.Conv2d(width, out_channels, 1))
