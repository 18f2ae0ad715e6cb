"""LAA-Net: backbone, E-FPN and three heads (Nguyen et al., CVPR 2024, arXiv 2401.13856, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidConfig, InvalidWeights
from laanet_core.modeling.backbone import Backbone
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.feature_pyramid import (
    HEATMAP_BIAS,
    ClassificationHead,
    EnhancedFeaturePyramid,
    MapHead,
)
from laanet_core.modeling.weights_files import CONFIG_FILE, WeightsFiles, open_weights, write_weights


@dataclass(frozen=True)
class LAANetOutput:
    """Output of the network, all before any sigmoid.

    `fake_logit` (N,); `heatmap_logits` (N, 1, S/4, S/4); `embeddings` (N, E, S/4, S/4), or None if they
    were not requested.
    """

    fake_logit: Tensor
    heatmap_logits: Tensor
    embeddings: Tensor | None


class LAANet(nn.Module):
    """The detector network. Input: RGB face crops (N, 3, S, S), float in [-1, 1], S = config.input_size."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        # Calibration and thresholds; loading weights replaces them.
        self.decision = DecisionConfig()
        self.backbone = Backbone(config)
        _, c5_channels, c4_channels, c3_channels = self.backbone.channels
        widths = config.pyramid_widths or (c5_channels, c4_channels, c3_channels)
        p3_width = widths[2]
        fusion_width = config.fusion_width or 2 * p3_width
        self.feature_dropout = nn.Dropout(config.feature_dropout)
        self.pyramid = EnhancedFeaturePyramid(self.backbone.channels, widths, fusion_width)
        self.classification_head = ClassificationHead(fusion_width, config.head_width)
        self.heatmap_head = MapHead(fusion_width, config.head_width, out_channels=1)
        self.consistency_head = MapHead(fusion_width, config.head_width, config.embedding_width)
        last_convolution = self.heatmap_head[-1]
        assert isinstance(last_convolution, nn.Conv2d)
        assert last_convolution.bias is not None
        nn.init.constant_(last_convolution.bias, HEATMAP_BIAS)

    def forward(self, images: Tensor, consistency: bool = False) -> LAANetOutput:
        """Run the network on images (N, 3, S, S) RGB in [-1, 1].

        The consistency head runs only with `consistency`. In training mode S may be any multiple of 32
        (progressive resolution). Raises ValueError for another shape.
        """
        size = self.config.input_size
        if self.training and images.shape[-1] % 32 == 0:
            size = images.shape[-1]
        if images.ndim != 4 or images.shape[1:] != (3, size, size):
            raise ValueError(f"images must have shape (N, 3, {size}, {size}), not {tuple(images.shape)}")
        levels = [self.feature_dropout(level) for level in self.backbone(images)]
        fused = self.pyramid(*levels)  # (N, fusion_width, S/4, S/4)
        return LAANetOutput(
            fake_logit=self.classification_head(fused),
            heatmap_logits=self.heatmap_head(fused),
            embeddings=self.consistency_head(fused) if consistency else None,
        )

    @classmethod
    def from_pretrained(cls, source: str | Path) -> LAANet:
        """Load named weights (`starter`, a folder, `hf://owner/repo@revision`) in eval mode.

        Raises InvalidWeights naming the file or tensor at fault.
        """
        return cls.from_files(open_weights(source))

    @classmethod
    def from_files(cls, files: WeightsFiles) -> LAANet:
        """Build the network that `files` describe, in eval mode, with its decision values.

        Raises InvalidWeights naming the file or tensor at fault.
        """
        try:
            config = ModelConfig.from_dict(dict(files.model))
            decision = DecisionConfig.from_dict(files.decision)
            model = cls(config)
        except (InvalidConfig, TypeError) as error:
            raise InvalidWeights(
                f"{CONFIG_FILE} of {files.folder.name} describes no network: {error}"
            ) from error
        model.load_state_dict(files.read_tensors(model.state_dict()))
        model.decision = decision
        return model.eval()

    def save_pretrained(self, folder: str | Path) -> None:
        """Write `config.json`, with the network's decision values, and `model.safetensors` into `folder`."""
        write_weights(
            Path(folder),
            self.state_dict(),
            model=self.config.to_dict(),
            decision=self.decision.to_dict(),
            version="0",
            card={},
            half=False,
        )
