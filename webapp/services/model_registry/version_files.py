"""Files of the registered versions of the model: one folder per version, never changed after registration."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from webapp.domain.errors import Unable

# The two files of a version: weights, and configuration with the thresholds.
TENSORS = "model.safetensors"
CONFIG = "config.json"


@dataclass(frozen=True)
class RegisteredVersion:
    """A version and its folder.

    `sha256` is the hash of the weights, `config_sha256` of `config.json` with the thresholds.
    """

    version: str
    folder: Path
    sha256: str
    config_sha256: str


def add_files(source: Path, root: Path, version: str) -> RegisteredVersion:
    """Copy the two files of a weights folder to `root/version`. The folder appears complete or not at all.

    An existing folder of that name is replaced. It is left over from a run that was interrupted before the
    version was registered.
    """
    target = root / version
    unfinished = root / f".{version}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for name in (TENSORS, CONFIG):
        shutil.copyfile(source / name, unfinished / name)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    return RegisteredVersion(version, target, _sha256(target / TENSORS), _sha256(target / CONFIG))


def require_unchanged(registered: RegisteredVersion) -> None:
    """Raise Unable with `model_changed` unless both files still have the hashes of their registration."""
    folder = registered.folder
    version = registered.version
    try:
        hashes = _sha256(folder / TENSORS), _sha256(folder / CONFIG)
    except OSError as error:
        raise Unable("model_changed", f"cannot read the files of {version}: {error.strerror}") from error
    if hashes != (registered.sha256, registered.config_sha256):
        raise Unable("model_changed", f"the files of {version} have changed since it was registered")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
