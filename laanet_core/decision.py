"""Decision rules: calibrated probabilities, verdicts and the aggregation of tracks. Needs no torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from laanet_core.errors import InvalidConfig
from laanet_core.results import Verdict


@dataclass(frozen=True)
class DecisionConfig:
    """How a fake logit becomes a verdict.

    fake_prob = sigmoid(fake_logit / temperature); `real` below `real_below`, `fake` above `fake_above`,
    `inconclusive` from one to the other, both included. Faces whose shorter box side is under `min_face_size`
    pixels of the upright original are not scored.
    """

    temperature: float = 1.0
    real_below: float = 0.5
    fake_above: float = 0.5
    min_face_size: int = 40
    calibrated: bool = False

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise InvalidConfig(f"temperature must be positive, not {self.temperature}")
        if not 0 <= self.real_below <= self.fake_above <= 1:
            raise InvalidConfig(
                f"thresholds must satisfy 0 <= real_below <= fake_above <= 1, not {self.real_below}, {self.fake_above}"
            )
        if self.min_face_size < 1:
            raise InvalidConfig(f"min_face_size must be at least 1 pixel, not {self.min_face_size}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DecisionConfig:
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InvalidConfig(f"unknown decision configuration keys: {', '.join(unknown)}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def fake_probability(fake_logit: float, decision: DecisionConfig) -> float:
    """Calibrated: sigmoid(fake_logit / temperature)."""
    return float(0.5 * (1 + np.tanh(0.5 * fake_logit / decision.temperature)))


def verdict_of(fake_prob: float, decision: DecisionConfig) -> Verdict:
    """`real` below one threshold, `fake` above the other, `inconclusive` from one to the other."""
    if fake_prob < decision.real_below:
        return "real"
    return "fake" if fake_prob > decision.fake_above else "inconclusive"
