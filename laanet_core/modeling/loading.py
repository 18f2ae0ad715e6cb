"""Loading and saving of a network together with its decision values and origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laanet_core.decision import DecisionConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.weights_files import open_weights, write_weights
from laanet_core.results import ModelInfo


@dataclass(frozen=True)
class LoadedWeights:
    """Network in eval mode with its decision values and its identity.

    `card` contains the other entries of `config.json`, such as the origin of the weights.
    """

    model: LAANet
    decision: DecisionConfig
    info: ModelInfo
    card: Mapping[str, Any]


def load_weights(source: str | Path) -> LoadedWeights:
    """Load `starter`, a folder, or `hf://owner/repo@revision`, strictly and with its sha256 checked.

    Raises InvalidWeights naming the file or tensor at fault.
    """
    files = open_weights(source)
    model = LAANet.from_files(files)
    info = ModelInfo(name=model.config.name, version=files.version, sha256=files.sha256)
    return LoadedWeights(model=model, decision=model.decision, info=info, card=files.card)


def save_weights(
    model: LAANet,
    folder: Path,
    *,
    decision: DecisionConfig | None = None,
    version: str = "0",
    card: Mapping[str, Any] | None = None,
    half: bool = False,
) -> ModelInfo:
    """Write a network so that `load_weights` restores it; each file appears whole or not at all.

    `half` stores float16, except for BatchNorm's running statistics. Raises InvalidWeights if a value is
    not finite in the stored precision.
    """
    sha256 = write_weights(
        folder,
        model.state_dict(),
        model=model.config.to_dict(),
        decision=(decision or DecisionConfig()).to_dict(),
        version=version,
        card=card or {},
        half=half,
    )
    return ModelInfo(name=model.config.name, version=version, sha256=sha256)
