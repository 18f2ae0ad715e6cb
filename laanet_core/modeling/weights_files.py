"""Weights files: `config.json` beside `model.safetensors`, read, verified and written. Knows no network."""

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

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidWeights

# Version of the layout of `config.json`.
FORMAT = 1

CONFIG_FILE = "config.json"
TENSOR_FILE = "model.safetensors"
STARTER_FOLDER = Path(__file__).parents[1] / "starter"

# Keys of `config.json` that every folder of weights has; all other keys belong to the card.
_OWN_KEYS = ("format", "version", "sha256", "model", "decision")

# Tensors that an error message names; it counts the rest.
_NAMED_IN_ERRORS = 3


@dataclass(frozen=True)
class WeightsFiles:
    """Folder of weights with a checked `config.json`; `read_tensors` reads and verifies the tensors.

    `model` and `decision` are the parsed sections for `ModelConfig` and `DecisionConfig`; `card` holds all
    other entries.
    """

    folder: Path
    version: str
    sha256: str
    model: Mapping[str, Any]
    decision: Mapping[str, Any]
    card: Mapping[str, Any]

    def read_tensors(self, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors by name, with the names, shapes (N, ...) and dtypes of `expected`.

        Raises InvalidWeights if the file does not match its sha256, if names or shapes differ, or if a
        value is not finite.
        """
        try:
            encoded = (self.folder / TENSOR_FILE).read_bytes()
        except OSError as error:
            raise InvalidWeights(f"{self.folder.name} holds no readable {TENSOR_FILE}") from error
        actual_sha256 = hashlib.sha256(encoded).hexdigest()
        if actual_sha256 != self.sha256:
            raise InvalidWeights(
                f"{TENSOR_FILE} of {self.folder.name} was changed: "
                f"its sha256 is {actual_sha256}, not {self.sha256}"
            )
        try:
            tensors: dict[str, Tensor] = load_tensors(encoded)
        except SafetensorError as error:
            raise InvalidWeights(f"{TENSOR_FILE} of {self.folder.name} is not a safetensors file") from error
        require_fit(tensors, {name: tuple(value.shape) for name, value in expected.items()})
        tensors = {name: value.to(expected[name].dtype) for name, value in tensors.items()}
        _require_finite(tensors)
        return tensors


def open_weights(source: str | Path) -> WeightsFiles:
    """Find weights by name and read their `config.json`; download them if the name is an `hf://` address.

    Raises InvalidWeights if there are none or if the file is malformed.
    """
    folder = weights_folder(source)
    config = _read_config(folder)
    return WeightsFiles(
        folder=folder,
        version=str(config["version"]),
        sha256=config["sha256"],
        model=config["model"],
        decision=config["decision"],
        card={name: value for name, value in config.items() if name not in _OWN_KEYS},
    )


def write_weights(
    folder: Path,
    tensors: Mapping[str, Tensor],
    *,
    model: Mapping[str, Any],
    decision: Mapping[str, Any],
    version: str,
    card: Mapping[str, Any],
    half: bool,
) -> str:
    """Write both files and return the sha256 of the tensor file; tensors may have any shape (N, ...).

    Each file appears complete or not at all. `model` and `decision` are the sections of the two
    configurations, `card` contains all other entries of `config.json`. `half` stores float16, except for
    BatchNorm's running statistics. Raises InvalidWeights if a value is not finite in the stored precision.
    """
    copies = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    if half:
        copies = {name: _halved(name, value) for name, value in copies.items()}
    _require_finite(copies)
    encoded = save_tensors(copies)
    sha256 = hashlib.sha256(encoded).hexdigest()
    config = {
        "format": FORMAT,
        "version": version,
        "sha256": sha256,
        "model": model,
        "decision": decision,
        **card,
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write_whole(folder / TENSOR_FILE, encoded)
    _write_whole(folder / CONFIG_FILE, _encode_config(config))
    return sha256


def write_decision(folder: Path, decision: DecisionConfig) -> None:
    """Replace the decision values in a folder of weights. Raises InvalidWeights if it holds no weights."""
    config = _read_config(folder)
    _write_whole(folder / CONFIG_FILE, _encode_config({**config, "decision": decision.to_dict()}))


def weights_folder(source: str | Path) -> Path:
    """Return the local folder of named weights, downloaded if needed. Raises InvalidWeights."""
    name = str(source)
    if name.startswith("hf://"):
        from laanet_core.modeling.hub import download

        return download(name)
    folder = STARTER_FOLDER if name == "starter" else Path(source)
    if not folder.is_dir():
        raise InvalidWeights(f"there is no folder of weights named {name}")
    return folder


def _read_config(folder: Path) -> dict[str, Any]:
    """Return the checked entries of a folder's `config.json`. Raises InvalidWeights if it is malformed."""
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


def require_fit(tensors: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise InvalidWeights naming tensors that are missing, added, or not of their shape (N, ...)."""
    missing = sorted(set(shapes) - set(tensors))
    if missing:
        raise InvalidWeights(f"missing {_first_names(missing)}")
    unexpected = sorted(set(tensors) - set(shapes))
    if unexpected:
        raise InvalidWeights(f"unexpected {_first_names(unexpected)}")
    differences: list[str] = []
    for name, shape in shapes.items():
        actual = tuple(tensors[name].shape)
        if actual != shape:
            differences.append(f"{name} has shape {actual}, not {shape}")
    if differences:
        raise InvalidWeights(_first_names(differences))


def _require_finite(tensors: Mapping[str, Tensor]) -> None:
    """Raise InvalidWeights naming tensors that contain NaN or infinity."""
    not_finite: list[str] = []
    for name, value in tensors.items():
        if value.is_floating_point() and not np.isfinite(value.float().numpy()).all():
            not_finite.append(name)
    if not_finite:
        raise InvalidWeights(f"values that are not finite in {_first_names(not_finite)}")


def _first_names(names: list[str]) -> str:
    """Return the first names for an error message, and the number of the others."""
    first = ", ".join(names[:_NAMED_IN_ERRORS])
    others = len(names) - _NAMED_IN_ERRORS
    return f"{first} and {others} more" if others > 0 else first


def _halved(name: str, value: Tensor) -> Tensor:
    """Return a tensor in float16, except for integers and BatchNorm's running statistics."""
    if ".running_" in name or not value.is_floating_point():
        return value
    return value.half()


def _encode_config(config: Mapping[str, Any]) -> bytes:
    return (json.dumps(config, indent=2) + "\n").encode()


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it appears complete or not at all, even if the machine stops."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
