"""Training configuration: one frozen dataclass, the named recipes, and changes of single values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from laanet_core.data.augmentation_policies import PolicyName
from laanet_core.errors import InvalidConfig
from laanet_core.faces.landmarks import HULL_KINDS, HullKind
from laanet_core.training.losses import LossConfig

TrainingPrecision = Literal["float32", "bfloat16"]

# Shares of the fakes; the rest are self-blended images.
PAIR_SHARES = ("pairs", "labelled", "foreign_blends", "reconstructed", "partial_edits")

# Slack for shares that add up to 1 in floating point.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PairConfig:
    """Composition of the training pairs.

    `pairs` (fakes with their originals), `foreign_blends` (blended images, BI), `labelled` (fakes without
    original or mask), `reconstructed` (faces redrawn by an autoencoder) and `partial_edits` (single parts of
    the face) are shares of the fakes; the rest are self-blended images (SBI). If the manifest lacks the
    images for a share, self-blended images take its place and the dataset notes it. `policy` names the
    augmentation policy (`laanet_core.data.augmentation_policies`). `frames_per_video` real frames are sampled
    from every video in each epoch, as in the paper. 0 samples packs with probability proportional to their
    size to the power of `pack_exponent`: 1 samples all images alike, 0 all packs. `real_consistency` is the
    consistency map C of a real image: 1 in the paper, 0 in the released code. Masks of self-blended images
    start from `hulls`, with equal probability.

    The others are probabilities. `smoothed_reals`: the real image beside a reconstructed face went through
    the same smoothing, without a seam. `matched_sharpness`: the sharper image of a pair is blurred to the
    other's sharpness. `video` and `double_jpeg`: an image, real or fake, is compressed as a frame of a clip
    or twice as JPEG.
    """

    pairs: float = 0.0
    foreign_blends: float = 0.0
    labelled: float = 0.0
    reconstructed: float = 0.0
    partial_edits: float = 0.0
    smoothed_reals: float = 0.0
    matched_sharpness: float = 0.0
    video: float = 0.0
    double_jpeg: float = 0.0
    pack_exponent: float = 0.5
    policy: PolicyName = "published"
    frames_per_video: int = 8
    real_consistency: float = 1.0
    hulls: tuple[HullKind, ...] = HULL_KINDS

    def __post_init__(self) -> None:
        for name in (
            *PAIR_SHARES,
            "smoothed_reals",
            "matched_sharpness",
            "video",
            "double_jpeg",
            "pack_exponent",
            "real_consistency",
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidConfig(f"material.{name} must lie in [0, 1], not {getattr(self, name)}")
        if sum(getattr(self, name) for name in PAIR_SHARES) > 1 + _ROUNDING:
            names = ", ".join(f"material.{name}" for name in PAIR_SHARES)
            raise InvalidConfig(f"the shares {names} add up to more than 1")
        if self.policy not in get_args(PolicyName):
            raise InvalidConfig(
                f"material.policy must be one of {', '.join(get_args(PolicyName))}, not {self.policy!r}"
            )
        # Parsed JSON holds a list.
        object.__setattr__(self, "hulls", tuple(self.hulls))
        if not self.hulls or not set(self.hulls) <= set(HULL_KINDS):
            raise InvalidConfig(
                f"material.hulls must be some of {', '.join(HULL_KINDS)}, "
                f"not {', '.join(self.hulls) or 'none'}"
            )
        if self.frames_per_video < 0:
            raise InvalidConfig(
                f"material.frames_per_video must not be negative, not {self.frames_per_video}"
            )


@dataclass(frozen=True)
class TrainingConfig:
    """Everything except the data that determines the trained weights.

    Each of the `steps` takes `batch_pairs` real images and as many fakes. Its gradient is the mean of the
    gradients of `micro_batches` equal parts of the batch, each with its own BatchNorm statistics (gradient
    accumulation); several processes divide the parts among themselves. The learning rate rises from
    `start_rate` to `peak_rate` over the first `warmup` share of the steps and then falls linearly to 0.
    `sam_rho` is the radius of sharpness-aware minimisation; 0 leaves plain Adam. The backbone is frozen for
    the first `frozen_steps`; its stem and first `frozen_stages` stages are frozen throughout. `start_pull`
    adds half of it times the squared distance of the weights from their start to the loss (L2-SP, Li et al.,
    ICML 2018). The first `early_steps` take crops of `early_size` pixels, which costs less (progressive
    resolution). `average_decay` is the decay of the exponential moving average of the weights that is
    saved; 0 saves the weights of the last step. `material` is the composition of the pairs.
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
    early_size: int = 160
    early_steps: int = 0
    average_decay: float = 0.0
    precision: TrainingPrecision = "float32"
    seed: int = 0
    material: PairConfig = field(default_factory=PairConfig)
    loss: LossConfig = field(default_factory=LossConfig)

    def __post_init__(self) -> None:
        counts = {
            "steps": self.steps,
            "batch_pairs": self.batch_pairs,
            "micro_batches": self.micro_batches,
        }
        non_negative: dict[str, float] = {
            "start_rate": self.start_rate,
            "peak_rate": self.peak_rate,
            "weight_decay": self.weight_decay,
            "sam_rho": self.sam_rho,
            "frozen_steps": self.frozen_steps,
            "frozen_stages": self.frozen_stages,
            "start_pull": self.start_pull,
            "early_steps": self.early_steps,
            "loss.heatmap_weight": self.loss.heatmap_weight,
            "loss.consistency_weight": self.loss.consistency_weight,
        }
        shares = {
            "warmup": self.warmup,
            "loss.smoothing": self.loss.smoothing,
            "loss.noise_share": self.loss.noise_share,
        }
        for name, count in counts.items():
            if count < 1:
                raise InvalidConfig(f"{name} must be at least 1, not {count}")
        for name, value in non_negative.items():
            # "not >=" because NaN is neither negative nor a usable value.
            if not value >= 0:
                raise InvalidConfig(f"{name} must not be negative, not {value}")
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise InvalidConfig(f"{name} must lie in [0, 1], not {share}")
        if self.early_size < 64 or self.early_size % 32:
            raise InvalidConfig(f"early_size must be a multiple of 32 and at least 64, not {self.early_size}")
        if self.batch_pairs % self.micro_batches:
            raise InvalidConfig(
                f"batch_pairs {self.batch_pairs} cannot be divided into {self.micro_batches} micro_batches"
            )
        if not 0 <= self.average_decay < 1:
            raise InvalidConfig(f"average_decay must lie in [0, 1), not {self.average_decay}")
        if self.precision not in get_args(TrainingPrecision):
            raise InvalidConfig(
                f"precision must be one of {', '.join(get_args(TrainingPrecision))}, not {self.precision!r}"
            )

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """Build from parsed JSON. Raises InvalidConfig if a key is not known."""
        try:
            sections = {
                "material": PairConfig(**values.get("material", {})),
                "loss": LossConfig(**values.get("loss", {})),
            }
            return cls(**{**values, **sections})
        except TypeError as error:
            raise InvalidConfig(f"not a training configuration: {error}") from error


RECIPES: Mapping[str, TrainingConfig] = {
    # The paper's: 100 epochs of 720 FF++ videos with 8 frames each, in batches of 16 pairs.
    "paper-sbi": TrainingConfig(steps=36_000, frozen_steps=2_160),
    "paper-bi": TrainingConfig(steps=36_000, frozen_steps=2_160, material=PairConfig(foreign_blends=1.0)),
    # The bundled weights: sized for 90 minutes on two CPU cores, therefore plain Adam, higher rates and
    # averaged weights.
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
        material=PairConfig(pairs=0.25, foreign_blends=0.35, policy="hardened", frames_per_video=0),
        loss=LossConfig(heatmap_weight=2.0, consistency_weight=2.0),
    ),
    # From trained weights and moderators' labels: few steps, the first stage frozen, self-blended images
    # against forgetting.
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
        material=PairConfig(labelled=0.6, foreign_blends=0.15, policy="published", frames_per_video=0),
        loss=LossConfig(heatmap_weight=2.0, consistency_weight=2.0),
    ),
}


def named_recipe(name: str) -> TrainingConfig:
    """Look up a recipe. Raises InvalidConfig naming the choices."""
    try:
        return RECIPES[name]
    except KeyError:
        raise InvalidConfig(f"no recipe named {name!r}; choose from {', '.join(RECIPES)}") from None


def changed_recipe(name: str, changes: Sequence[str] = (), seed: int | None = None) -> TrainingConfig:
    """Return a named recipe with some values replaced, each change written as "key=value".

    Keys of a section have a dot ("material.pairs=0.5"). `seed` replaces the recipe's seed. Raises
    InvalidConfig naming an unknown recipe or key, or a value of the wrong type or range.
    """
    config = TrainingConfig.from_dict(changed_values(named_recipe(name).to_dict(), changes))
    return config if seed is None else dataclasses.replace(config, seed=seed)


def changed_values(values: dict[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """Replace values of a configuration, given as nested dictionaries, in place and return it.

    A change is "key=value" or "section.key=value"; commas separate the entries of a tuple. A value keeps its
    type. Raises InvalidConfig naming an unknown key or a value of another type.
    """
    for change in changes:
        key, separator, text = change.partition("=")
        *sections, last = key.split(".")
        target = values
        for section in sections:
            # An unknown section has no keys.
            target = target[section] if isinstance(target.get(section), dict) else {}
        old_value = target.get(last)
        is_changeable = old_value is not None and not isinstance(old_value, dict)
        if not separator or not is_changeable:
            raise InvalidConfig(f"cannot change {change!r}; the keys are {', '.join(_keys(values))}")
        try:
            target[last] = _parse_like(old_value, text)
        except ValueError as error:
            raise InvalidConfig(f"{key} must be a {type(old_value).__name__}, not {text!r}") from error
    return values


def _parse_like(example: Any, text: str) -> Any:
    """Convert text to the type of an example, a tuple by its entries. Raises ValueError if that fails."""
    if isinstance(example, tuple):
        entry_type = type(example[0])
        return tuple(entry_type(entry) for entry in text.split(","))
    return type(example)(text)


def _keys(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return the keys that can be changed, each with the names of its sections before it."""
    keys: list[str] = []
    for name, value in values.items():
        if isinstance(value, dict):
            keys.extend(_keys(value, f"{prefix}{name}."))
        elif value is not None:
            keys.append(prefix + name)
    return keys
