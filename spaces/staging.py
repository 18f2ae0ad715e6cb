"""Which files a Space needs, and how its card and requirements come about."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
HARDWARE = ("cpu", "gpu", "zerogpu")
LARGEST = 100_000_000  # bytes of one file
_PACKAGES = ("laanet_core", "webapp")
_SINGLE = ("app.py", "LICENSE", "NOTICE.md")
_KINDS = {".css", ".jinja", ".jpg", ".js", ".json", ".mako", ".md", ".mp4", ".png", ".py", ".safetensors"}
_OMITTED = {"webapp/examples/make.py"}
_SUGGESTED = {"cpu": "cpu-basic", "gpu": "t4-small", "zerogpu": "zero-a10g"}
_WEIGHTS = re.compile(r"hf://(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})", re.ASCII)
_SECRETS = re.compile(rb"hf_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----")
_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


class NotStaged(Exception):
    """A Space that must not be put together like that; the message says why."""


@dataclass(frozen=True)
class Wanted:
    """What kind of Space: `hardware` cpu | gpu | zerogpu, `suggested` as the Hub names it, `weights` as LENS_WEIGHTS.

    `postgresql`: the database is one, for whose backups programs are needed.
    """

    hardware: str = "cpu"
    suggested: str = ""
    weights: str = "starter"
    postgresql: bool = False


def stage(folder: Path, wanted: Wanted) -> list[Path]:
    """Lay a Space's files into an empty folder; returns their paths in it, sorted.

    Raises NotStaged for a file that is too large or holds what looks like a secret, and for weights without a pinned commit.
    """
    if folder.exists() and any(folder.iterdir()):
        raise NotStaged(f"{folder} is not empty")
    for name in sources():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    (folder / "README.md").write_text(card(wanted), encoding="utf-8")
    (folder / "requirements.txt").write_text(requirements(wanted), encoding="utf-8")
    if wanted.postgresql:
        shutil.copyfile(ROOT / "spaces" / "packages.txt", folder / "packages.txt")
    staged = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in staged:
        _require_harmless(path, path.relative_to(folder))
    return [path.relative_to(folder) for path in staged]


def sources() -> list[str]:
    """The files of the repository that go along unchanged: two packages and what starts them, by kinds that are known."""
    found = list(_SINGLE)
    for package in _PACKAGES:
        for path in (ROOT / package).rglob("*"):
            name = path.relative_to(ROOT)
            hidden = any(part.startswith((".", "__pycache__")) for part in name.parts)
            if (
                path.is_file()
                and not path.is_symlink()
                and not hidden
                and path.suffix in _KINDS
                and name.as_posix() not in _OMITTED
            ):
                found.append(name.as_posix())
    return sorted(found)


def card(wanted: Wanted) -> str:
    """The Space's README.md: the card of this folder with the versions that are required and the hardware and weights that are wanted."""
    _, front, text = (ROOT / "spaces" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    matter: dict[str, Any] = yaml.safe_load(front)
    matter["sdk_version"] = _versions(requirements(wanted))["gradio"]
    matter["suggested_hardware"] = wanted.suggested or _SUGGESTED[wanted.hardware]
    if wanted.weights.startswith("hf://"):
        found = _WEIGHTS.fullmatch(wanted.weights)
        if found is None:
            raise NotStaged(
                f"{wanted.weights} is not pinned; a Space needs hf://owner/name@ and the 40 digits of a commit"
            )
        matter["models"] = [found["repo"]]
        matter["preload_from_hub"] = [f"{found['repo']} config.json,model.safetensors {found['revision']}"]
    return f"---\n{yaml.safe_dump(matter, sort_keys=False, allow_unicode=True)}---\n{text}"


def sign_in(folder: Path) -> list[str]:
    """What a staged Space's card asks Hugging Face to tell it of people who sign in; nothing where it asks for no sign-in."""
    matter: dict[str, Any] = yaml.safe_load(
        (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)[1]
    )
    return list(matter.get("hf_oauth_scopes", [])) if matter.get("hf_oauth") else []


def requirements(wanted: Wanted) -> str:
    """The application's own, with what the hardware needs in place of it or beside it."""
    own = _versions((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    own |= _versions(
        (ROOT / "spaces" / "requirements" / f"{wanted.hardware}.txt").read_text(encoding="utf-8")
    )
    if wanted.postgresql:
        dev = _versions((ROOT / "requirements-dev.txt").read_text(encoding="utf-8"))
        own["psycopg[binary]"] = dev["psycopg[binary]"]
    return "".join(f"{name}=={version}\n" for name, version in own.items())


def _versions(text: str) -> dict[str, str]:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return dict(line.split("==") for line in lines if "==" in line)


def _require_harmless(path: Path, name: Path) -> None:
    if path.stat().st_size > LARGEST:
        raise NotStaged(f"{name} is larger than {LARGEST // 1_000_000} MB")
    if any(not _NAME.fullmatch(part) for part in name.parts):
        raise NotStaged(f"{name} has a name that is not plain")
    if path.suffix not in (".safetensors", ".jpg", ".mp4", ".png") and _SECRETS.search(path.read_bytes()):
        raise NotStaged(f"{name} holds what looks like a secret")
