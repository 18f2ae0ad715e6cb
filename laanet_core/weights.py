"""Weights on disk: `config.json` beside `model.safetensors`, checked before a single number is used."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from laanet_core.config import DecisionConfig, ModelConfig
from laanet_core.errors import InvalidConfig, InvalidWeights
from laanet_core.model import LAANet
from laanet_core.results import ModelInfo

FORMAT = 1
CONFIG_FILE = "config.json"
TENSOR_FILE = "model.safetensors"
STARTER = Path(__file__).parent / "starter"
_OWN_KEYS = ("format", "version", "sha256", "model", "decision")
_NAMED_IN_ERRORS = 3


@dataclass(frozen=True)
class LoadedWeights:
    """A network in eval mode, how its logits become verdicts, which weights these are, and whatever else their config.json says."""

    model: LAANet
    decision: DecisionConfig
    info: ModelInfo
    card: Mapping[str, Any]


def load_weights(source: str | Path) -> LoadedWeights:
    """Load `starter`, a folder, or `hf://owner/repo@revision`, strictly and with its sha256 checked.

    Raises InvalidWeights, naming the file or tensor at fault.
    """
    folder = weights_folder(source)
    config = _read_config(folder)
    try:
        model_config, decision = ModelConfig.from_dict(config["model"]), DecisionConfig.from_dict(config["decision"])
        model = LAANet(model_config)
    except (InvalidConfig, TypeError) as error:
        raise InvalidWeights(f"{CONFIG_FILE} of {folder.name} describes no network: {error}") from error
    model.load_state_dict(_read_tensors(folder, config["sha256"], model.state_dict()))
    model.decision = decision
    info = ModelInfo(name=model_config.name, version=str(config["version"]), sha256=config["sha256"])
    card = {name: value for name, value in config.items() if name not in _OWN_KEYS}
    return LoadedWeights(model.eval(), decision, info, card)


def save_weights(
    model: LAANet,
    folder: Path,
    *,
    decision: DecisionConfig | None = None,
    version: str = "0",
    card: Mapping[str, Any] | None = None,
    half: bool = False,
) -> ModelInfo:
    """Write a network so that `load_weights` gives it back; each file appears whole or not at all.

    `half` stores float16, BatchNorm's running statistics excepted. Raises InvalidWeights when a value is not finite, or not in float16.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    if half:
        tensors = {name: value if ".running_" in name or not value.is_floating_point() else value.half() for name, value in tensors.items()}
    _require_finite(tensors)
    encoded = save_tensors(tensors)
    sha256 = hashlib.sha256(encoded).hexdigest()
    config = {
        "format": FORMAT,
        "version": version,
        "sha256": sha256,
        "model": model.config.to_dict(),
        "decision": (decision or DecisionConfig()).to_dict(),
        **(card or {}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write_whole(folder / TENSOR_FILE, encoded)
    _write_whole(folder / CONFIG_FILE, _encode_config(config))
    return ModelInfo(name=model.config.name, version=version, sha256=sha256)


def write_decision(folder: Path, decision: DecisionConfig) -> None:
    """Replace the decision values beside weights that stay as they are. Raises InvalidWeights if there are none in the folder."""
    config = _read_config(folder)
    _write_whole(folder / CONFIG_FILE, _encode_config({**config, "decision": decision.to_dict()}))


def weights_folder(source: str | Path) -> Path:
    """The local folder that a weights name stands for; downloads where it must. Raises InvalidWeights."""
    name = str(source)
    if name.startswith("hf://"):
        from laanet_core.hub import download

        return download(name)
    folder = STARTER if name == "starter" else Path(source)
    if not folder.is_dir():
        raise InvalidWeights(f"there is no folder of weights named {name}")
    return folder


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InvalidWeights(f"{folder.name} holds no {CONFIG_FILE}") from error
    except (OSError, ValueError) as error:
        raise InvalidWeights(f"{CONFIG_FILE} of {folder.name} cannot be read") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise InvalidWeights(f"{CONFIG_FILE} of {folder.name} is not of format {FORMAT}")
    missing = [key for key in _OWN_KEYS if key not in config]
    if missing:
        raise InvalidWeights(f"{CONFIG_FILE} of {folder.name} lacks {', '.join(missing)}")
    if not isinstance(config["model"], dict) or not isinstance(config["decision"], dict):
        raise InvalidWeights(f"{CONFIG_FILE} of {folder.name}: model and decision must be objects")
    if not re.fullmatch(r"[0-9a-f]{64}", str(config["sha256"])):
        raise InvalidWeights(f"{CONFIG_FILE} of {folder.name}: sha256 is not a sha256")
    return config


def _read_tensors(folder: Path, sha256: str, wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    try:
        encoded = (folder / TENSOR_FILE).read_bytes()
    except OSError as error:
        raise InvalidWeights(f"{folder.name} holds no readable {TENSOR_FILE}") from error
    found = hashlib.sha256(encoded).hexdigest()
    if found != sha256:
        raise InvalidWeights(f"{TENSOR_FILE} of {folder.name} was changed: its sha256 is {found}, not {sha256}")
    try:
        tensors: dict[str, Tensor] = load_tensors(encoded)
    except SafetensorError as error:
        raise InvalidWeights(f"{TENSOR_FILE} of {folder.name} is not a safetensors file") from error
    require_fit(tensors, {name: tuple(value.shape) for name, value in wanted.items()})
    tensors = {name: value.to(wanted[name].dtype) for name, value in tensors.items()}
    _require_finite(tensors)
    return tensors


def require_fit(tensors: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise InvalidWeights naming what is missing, added or misshapen."""
    missing, added = sorted(set(shapes) - set(tensors)), sorted(set(tensors) - set(shapes))
    if missing:
        raise InvalidWeights(f"missing {_some(missing)}")
    if added:
        raise InvalidWeights(f"unexpected {_some(added)}")
    bent = [
        f"{name} has shape {tuple(tensors[name].shape)}, not {shape}"
        for name, shape in shapes.items()
        if tuple(tensors[name].shape) != shape
    ]
    if bent:
        raise InvalidWeights(_some(bent))


def _require_finite(tensors: Mapping[str, Tensor]) -> None:
    broken = [name for name, value in tensors.items() if value.is_floating_point() and not np.isfinite(value.float().numpy()).all()]
    if broken:
        raise InvalidWeights(f"values that are not finite in {_some(broken)}")


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED_IN_ERRORS])
    return shown if len(names) <= _NAMED_IN_ERRORS else f"{shown} and {len(names) - _NAMED_IN_ERRORS} more"


def _encode_config(config: Mapping[str, Any]) -> bytes:
    return (json.dumps(config, indent=2) + "\n").encode()


def _write_whole(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
