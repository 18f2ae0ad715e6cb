"""Configuration of a LAA-Net: the frozen dataclass that is saved beside its weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from laanet_core.errors import InvalidConfig

Stage3Padding = Literal["same", "released"]


@dataclass(frozen=True)
class ModelConfig:
    """Architecture of one LAA-Net.

    `backbone` is the name of a timm model with features at strides 4 to 32. `input_size` S is the side of the
    square input in pixels, a multiple of 32; the maps of the heads have a side of S/4. `pyramid_widths` are
    the channels of (P5, P4, P3). None takes the backbone's own channels at strides 32, 16 and 8, as the paper
    does; where another width differs from them, a 1x1 convolution projects the lateral feature.
    `fusion_width` is the number of channels of P2, a multiple of 4; None takes twice that of P3. `head_width`
    is the number of channels inside each head, `embedding_width` that of the consistency embeddings.
    `stage3_padding` "released" pads the convolution that opens stage 3 as the authors' checkpoints expect
    (static SAME padding computed for a 380-pixel input); "same" keeps timm's own padding. `drop_path_rate`
    is the backbone's stochastic depth, `feature_dropout` the dropout of its feature levels.
    """

    name: str = "laanet-b4"
    backbone: str = "tf_efficientnet_b4"
    input_size: int = 384
    pyramid_widths: tuple[int, int, int] | None = None
    fusion_width: int | None = None
    head_width: int = 64
    embedding_width: int = 256
    stage3_padding: Stage3Padding = "same"
    drop_path_rate: float = 0.2
    feature_dropout: float = 0.4

    def __post_init__(self) -> None:
        # The coarsest feature level has stride 32 and needs more than one cell.
        if self.input_size < 64 or self.input_size % 32:
            raise InvalidConfig(f"input_size must be a multiple of 32 and at least 64, not {self.input_size}")
        if self.fusion_width is not None and (self.fusion_width <= 0 or self.fusion_width % 4):
            raise InvalidConfig(f"fusion_width must be a positive multiple of 4, not {self.fusion_width}")
        if self.stage3_padding not in get_args(Stage3Padding):
            raise InvalidConfig(
                f"stage3_padding must be one of {get_args(Stage3Padding)}, not {self.stage3_padding!r}"
            )

    @property
    def heatmap_size(self) -> int:
        """Return the side of the heatmap in cells, S/4."""
        return self.input_size // 4

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Build from parsed JSON. Raises InvalidConfig naming any unknown key."""
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InvalidConfig(f"unknown model configuration keys: {', '.join(unknown)}")
        fields = dict(values)
        # Parsed JSON has a list.
        if fields.get("pyramid_widths") is not None:
            fields["pyramid_widths"] = tuple(fields["pyramid_widths"])
        return cls(**fields)


LAANET_B4 = ModelConfig()
LAANET_LITE = ModelConfig(
    name="laanet-lite",
    backbone="tf_efficientnet_lite0",
    input_size=224,
    pyramid_widths=(160, 112, 40),
    head_width=32,
    embedding_width=64,
    drop_path_rate=0.1,
    feature_dropout=0.2,
)
NAMED_CONFIGS: Mapping[str, ModelConfig] = {config.name: config for config in (LAANET_B4, LAANET_LITE)}


def named_config(name: str) -> ModelConfig:
    """Return a configuration by name. Raises InvalidConfig naming the choices."""
    try:
        return NAMED_CONFIGS[name]
    except KeyError:
        raise InvalidConfig(
            f"no configuration named {name!r}; choose from {', '.join(NAMED_CONFIGS)}"
        ) from None
