"""Staging of a Space: its files, its card and its requirements."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
HARDWARE = ("cpu", "gpu", "zerogpu")

# Largest size of one file, in bytes.
LARGEST_FILE = 100_000_000

# Files that a Space gets: these single files, and from the packages those with these suffixes.
_SINGLE_FILES = ("app.py", "LICENSE", "NOTICE.md")
_PACKAGES = ("laanet_core", "webapp")
_SUFFIXES = {
    ".css",
    ".jinja",
    ".jpg",
    ".js",
    ".json",
    ".mako",
    ".md",
    ".mp4",
    ".png",
    ".py",
    ".safetensors",
    ".toml",
    ".txt",
}
_EXCLUDED = {"webapp/examples/make.py"}

# Suffixes of files that are not searched for secrets.
_BINARY_SUFFIXES = (".safetensors", ".jpg", ".mp4", ".png")

# Machine that the Space's card suggests, by kind of hardware, if none is requested.
_SUGGESTED_HARDWARE = {"cpu": "cpu-basic", "gpu": "t4-small", "zerogpu": "zero-a10g"}

_PINNED_WEIGHTS = re.compile(r"hf://(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})", re.ASCII)
_SECRETS = re.compile(rb"hf_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


class StagingError(Exception):
    """A Space that must not be staged; the message says why."""


@dataclass(frozen=True)
class SpaceProfile:
    """Properties of a Space that its files depend on.

    `hardware` is cpu, gpu or zerogpu; `suggested` is the machine's name on the Hub, empty for the default;
    `weights` is the value of LENS_WEIGHTS. `postgresql` installs the programs that back up a PostgreSQL
    database.
    """

    hardware: str = "cpu"
    suggested: str = ""
    weights: str = "starter"
    postgresql: bool = False


def stage(folder: Path, profile: SpaceProfile) -> list[Path]:
    """Copy a Space's files into an empty folder and return their relative paths, sorted.

    Raises StagingError for a file that is too large or seems to contain a secret, and for weights without a
    pinned commit.
    """
    if folder.exists() and any(folder.iterdir()):
        raise StagingError(f"{folder} is not empty")
    for name in source_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    (folder / "README.md").write_text(card(profile), encoding="utf-8")
    (folder / "requirements.txt").write_text(requirements(profile), encoding="utf-8")
    if profile.postgresql:
        shutil.copyfile(ROOT / "spaces" / "packages.txt", folder / "packages.txt")
    staged = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in staged:
        _require_harmless(path, path.relative_to(folder))
    return [path.relative_to(folder) for path in staged]


def source_files() -> list[str]:
    """Return the repository's files that a Space gets unchanged: the two packages and what starts them."""
    names = list(_SINGLE_FILES)
    for package in _PACKAGES:
        for path in (ROOT / package).rglob("*"):
            name = path.relative_to(ROOT)
            is_hidden = any(part.startswith((".", "__pycache__")) for part in name.parts)
            is_regular = path.is_file() and not path.is_symlink()
            is_included = path.suffix in _SUFFIXES and name.as_posix() not in _EXCLUDED
            if is_regular and is_included and not is_hidden:
                names.append(name.as_posix())
    return sorted(names)


def card(profile: SpaceProfile) -> str:
    """Return the Space's README.md: this folder's card with Gradio's version, the hardware and the weights.

    Raises StagingError for weights on the Hub without a pinned commit.
    """
    front_matter, text = _split_card(ROOT / "spaces" / "README.md")
    values: dict[str, Any] = yaml.safe_load(front_matter)
    values["sdk_version"] = _versions(requirements(profile))["gradio"]
    values["suggested_hardware"] = profile.suggested or _SUGGESTED_HARDWARE[profile.hardware]
    if profile.weights.startswith("hf://"):
        pinned = _PINNED_WEIGHTS.fullmatch(profile.weights)
        if pinned is None:
            raise StagingError(
                f"{profile.weights} is not pinned; a Space needs hf://owner/name@ and a commit of 40 digits"
            )
        repo = pinned["repo"]
        revision = pinned["revision"]
        values["models"] = [repo]
        values["preload_from_hub"] = [f"{repo} config.json,model.safetensors {revision}"]
    new_front_matter = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return f"---\n{new_front_matter}---\n{text}"


def oauth_scopes(folder: Path) -> list[str]:
    """Return the OAuth scopes that a staged Space's card requests, empty without Hugging Face sign-in."""
    front_matter, _ = _split_card(folder / "README.md")
    values: dict[str, Any] = yaml.safe_load(front_matter)
    if not values.get("hf_oauth"):
        return []
    return list(values.get("hf_oauth_scopes", []))


def _split_card(path: Path) -> tuple[str, str]:
    """Return the YAML front matter of a Space's card, which stands between two lines of ---, and its text."""
    _, front_matter, text = path.read_text(encoding="utf-8").split("---\n", 2)
    return front_matter, text


def requirements(profile: SpaceProfile) -> str:
    """Return the Space's requirements.txt: the application's, changed and extended for the hardware."""
    hardware_file = ROOT / "spaces" / "requirements" / f"{profile.hardware}.txt"
    versions = _versions((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    versions |= _versions(hardware_file.read_text(encoding="utf-8"))
    if profile.postgresql:
        development = _versions((ROOT / "requirements-dev.txt").read_text(encoding="utf-8"))
        versions["psycopg[binary]"] = development["psycopg[binary]"]
    return "".join(f"{name}=={version}\n" for name, version in versions.items())


def _versions(text: str) -> dict[str, str]:
    """Return the pinned versions of a requirements file by package."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return dict(line.split("==") for line in lines if "==" in line)


def _require_harmless(path: Path, name: Path) -> None:
    """Raise StagingError if a file is too large, has an unusual name or seems to contain a secret."""
    if path.stat().st_size > LARGEST_FILE:
        raise StagingError(f"{name} is larger than {LARGEST_FILE // 1_000_000} MB")
    if any(not _PLAIN_NAME.fullmatch(part) for part in name.parts):
        raise StagingError(f"{name} has characters other than letters, digits, '.', '_' and '-' in its name")
    if path.suffix not in _BINARY_SUFFIXES and _SECRETS.search(path.read_bytes()):
        raise StagingError(f"{name} seems to contain a secret")
