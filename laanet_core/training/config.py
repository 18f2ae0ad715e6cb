"""How a network is trained: one frozen configuration, and the recipes that have names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from laanet_core.data.augmentation_policies import PolicyName
from laanet_core.errors import InvalidConfig
from laanet_core.faces.landmarks import HULL_KINDS, HullKind
from laanet_core.training.losses import LossConfig

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Material:
    """What training units are made of.

    `pairs`, `foreign_blends` (BI) and `labelled` (fakes that have neither original nor mask) are shares of the fakes; self-blended images
    are the rest. A share whose images the manifest lacks goes to the self-blends, and a note says so. `policy` is how they are varied
    (`laanet_core.data.augmentation_policies`). `frames_per_video` real frames are drawn anew of every video each epoch, as the paper does; 0 draws frames
    freely, pack by pack with odds of the square root of the pack's size, so that small packs are heard. `real_consistency` is the
    consistency map C of a real image: 1 in the paper, 0 in the released code. Of `hulls` the masks of self-blends start, equally often.
    """

    pairs: float = 0.0
    foreign_blends: float = 0.0
    labelled: float = 0.0
    policy: PolicyName = "published"
    frames_per_video: int = 8
    real_consistency: float = 1.0
    hulls: tuple[HullKind, ...] = HULL_KINDS

    def __post_init__(self) -> None:
        for name in ("pairs", "foreign_blends", "labelled", "real_consistency"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidConfig(f"material.{name} must lie in [0, 1], not {getattr(self, name)}")
        if self.pairs + self.foreign_blends + self.labelled > 1 + 1e-9:
            raise InvalidConfig(
                "the shares material.pairs, material.foreign_blends and material.labelled add up to more than 1"
            )
        if self.policy not in get_args(PolicyName):
            raise InvalidConfig(
                f"material.policy must be one of {', '.join(get_args(PolicyName))}, not {self.policy!r}"
            )
        object.__setattr__(self, "hulls", tuple(self.hulls))  # parsed JSON holds a list
        if not self.hulls or not set(self.hulls) <= set(HULL_KINDS):
            raise InvalidConfig(
                f"material.hulls must be some of {', '.join(HULL_KINDS)}, not {', '.join(self.hulls) or 'none'}"
            )
        if self.frames_per_video < 0:
            raise InvalidConfig(
                f"material.frames_per_video must not be negative, not {self.frames_per_video}"
            )


@dataclass(frozen=True)
class TrainingConfig:
    """Everything but the data that decides what weights come out. Learning rates per step; `batch_pairs` real and as many fakes a step.

    `sam_rho` 0 leaves plain Adam. The backbone stands still for the first `frozen_steps`. `average_decay` is that of the moving average
    of the weights, which is what gets saved; 0 saves the weights as they are. The backbone's stem and first `frozen_stages` stages stand
    still throughout. `start_pull` draws all weights back to where they began: half of it times their squared distance is added to the
    loss (L2-SP, Li et al., ICML 2018). A step's gradient is the mean of the gradients of
    `micro_batches` equal parts of its batch, each with BatchNorm statistics of its own (gradient accumulation); several processes share
    them out.
    """

    steps: int = 10_000
    batch_pairs: int = 16
    micro_batches: int = 1
    start_rate: float = 5e-5
    peak_rate: float = 2e-4
    warmup: float = 0.25
    weight_decay: float = 1e-4
    sam_rho: float = 0.05
    frozen_steps: int = 600
    frozen_stages: int = 0
    start_pull: float = 0.0
    average_decay: float = 0.0
    precision: Precision = "float32"
    seed: int = 0
    material: Material = field(default_factory=Material)
    loss: LossConfig = field(default_factory=LossConfig)

    def __post_init__(self) -> None:
        for name in ("steps", "batch_pairs", "micro_batches"):
            if getattr(self, name) < 1:
                raise InvalidConfig(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in (
            "start_rate",
            "peak_rate",
            "weight_decay",
            "sam_rho",
            "frozen_steps",
            "frozen_stages",
            "start_pull",
        ):
            if not getattr(self, name) >= 0:
                raise InvalidConfig(f"{name} must not be negative, not {getattr(self, name)}")
        for name in ("heatmap_weight", "consistency_weight"):
            if not getattr(self.loss, name) >= 0:
                raise InvalidConfig(f"loss.{name} must not be negative, not {getattr(self.loss, name)}")
        for name, value in (
            ("warmup", self.warmup),
            ("loss.smoothing", self.loss.smoothing),
            ("loss.noise_share", self.loss.noise_share),
        ):
            if not 0 <= value <= 1:
                raise InvalidConfig(f"{name} must lie in [0, 1], not {value}")
        if self.batch_pairs % self.micro_batches:
            raise InvalidConfig(
                f"batch_pairs {self.batch_pairs} cannot be shared out to {self.micro_batches} micro_batches"
            )
        if not 0 <= self.average_decay < 1:
            raise InvalidConfig(f"average_decay must lie in [0, 1), not {self.average_decay}")
        if self.precision not in get_args(Precision):
            raise InvalidConfig(
                f"precision must be one of {', '.join(get_args(Precision))}, not {self.precision!r}"
            )

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """Build from parsed JSON; raises InvalidConfig when a key is not known."""
        try:
            parts = {
                "material": Material(**values.get("material", {})),
                "loss": LossConfig(**values.get("loss", {})),
            }
            return cls(**{**values, **parts})
        except TypeError as error:
            raise InvalidConfig(f"not a training configuration: {error}") from error


RECIPES: Mapping[str, TrainingConfig] = {
    # The paper's: real faces only, 100 epochs of what 720 FF++ videos with 8 frames each give in batches of 16 pairs.
    "paper-sbi": TrainingConfig(steps=36_000, frozen_steps=2_160),
    "paper-bi": TrainingConfig(steps=36_000, frozen_steps=2_160, material=Material(foreign_blends=1.0)),
    # The bundled weights': two CPU cores for an hour and a half, so plain Adam, higher rates and averaged weights.
    "starter": TrainingConfig(
        steps=3_400,
        batch_pairs=16,
        start_rate=1e-4,
        peak_rate=6e-4,
        warmup=0.2,
        sam_rho=0.0,
        frozen_steps=100,
        average_decay=0.995,
        seed=2024,
        material=Material(pairs=0.25, foreign_blends=0.35, policy="hardened", frames_per_video=0),
        loss=LossConfig(heatmap_weight=2.0, consistency_weight=2.0),
    ),
    # From trained weights and what people have labelled: few steps, the first stage frozen, self-blends against forgetting.
    "finetune": TrainingConfig(
        steps=400,
        batch_pairs=16,
        start_rate=1e-4,
        peak_rate=8e-4,
        warmup=0.1,
        sam_rho=0.0,
        frozen_steps=0,
        frozen_stages=1,
        start_pull=1e-4,
        average_decay=0.98,
        seed=2024,
        material=Material(labelled=0.6, foreign_blends=0.15, policy="published", frames_per_video=0),
        loss=LossConfig(heatmap_weight=2.0, consistency_weight=2.0),
    ),
}


def named_recipe(name: str) -> TrainingConfig:
    """Look up a recipe; raises InvalidConfig naming the choices."""
    try:
        return RECIPES[name]
    except KeyError:
        raise InvalidConfig(f"no recipe named {name!r}; choose from {', '.join(RECIPES)}") from None
