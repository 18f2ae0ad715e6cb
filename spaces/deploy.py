"""Put the application on a Hugging Face Space, or bring one up to date; see DEPLOYING.md. A second time changes nothing."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, Volume
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError
from staging import HARDWARE, NotStaged, Wanted, sign_in, stage

_KEY = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
_SPACE = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_REPOSITORY = re.compile(r"hf://datasets/[\w.-]+/[\w.-]+", re.ASCII)
_SECRET_NAME = re.compile(r"(.*_)?(SECRET|TOKEN|KEY|PASSWORD)S?")
_SECRET_VALUE = re.compile(
    r"(?<!\w)(hf|gh[a-z]|github_pat|glpat|sk|xox[a-z])[_-][\w-]{8}|AKIA[0-9A-Z]{16}|-----BEGIN |://[^/@\s]*:[^/@\s]+@",
    re.ASCII,
)
_OPTIONS = {
    "LENS_WEIGHTS": "--weights",
    "LENS_BACKUPS": "--backups",
}  # what they say is checked, and staged by
_FREE = "cpu-basic"  # what every Space has until another is asked for


class Unclear(Exception):
    """An argument that cannot be."""


@dataclass(frozen=True)
class Plan:
    """What the Space shall have beside its files. `secrets` are names: their values come from this machine's environment."""

    space: str
    hardware: str | None
    private: bool
    variables: dict[str, str]
    secrets: tuple[str, ...]
    volumes: tuple[Volume, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "space": self.space,
            "hardware": self.hardware,
            "private": self.private,
            "variables": self.variables,
            "secrets": list(self.secrets),
            "volumes": [volume.to_dict() for volume in self.volumes],
        }


def main(arguments: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    try:
        plan, wanted = _plan(args)
        if args.to:
            files = stage(args.to, wanted)
            _tell(args.to, files, plan, as_json=args.json)
            return 0
        with tempfile.TemporaryDirectory() as folder:
            staged = Path(folder) / "space"
            files = stage(staged, wanted)
            _tell(staged, files, plan, as_json=args.json)
            if not args.dry_run:
                for line in deploy(HfApi(), staged, plan):
                    print(line, file=sys.stderr, flush=True)
    except (NotStaged, Unclear) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (HfHubHTTPError, HTTPError, HFValidationError, OSError) as error:
        print(f"error: the Hub did not do it: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


def deploy(api: HfApi, folder: Path, plan: Plan) -> list[str]:
    """Make the Space what the plan says, asking for nothing that it is already; returns what was done."""
    done = []
    if not api.repo_exists(plan.space, repo_type="space"):
        api.create_repo(
            plan.space, repo_type="space", space_sdk="gradio", private=plan.private, exist_ok=True
        )
        done.append(f"made the Space {plan.space}")
    # before the files: their commit builds and starts the Space
    there = api.get_space_variables(plan.space)
    for name, value in plan.variables.items():
        if name not in there or there[name].value != value:
            api.add_space_variable(plan.space, name, value)
            done.append(f"set the variable {name}")
    for name in plan.secrets:  # what a secret is cannot be asked
        api.add_space_secret(plan.space, name, os.environ[name])
        done.append(f"set the secret {name}")
    runtime = api.get_space_runtime(plan.space)
    if plan.volumes and _plain(runtime.volumes or []) != _plain(plan.volumes):
        api.set_space_volumes(plan.space, list(plan.volumes))
        done.append(
            "mounted " + ", ".join(f"{volume.source} at {volume.mount_path}" for volume in plan.volumes)
        )
    before = api.space_info(plan.space).sha
    commit = api.upload_folder(
        repo_id=plan.space,
        repo_type="space",
        folder_path=folder,
        delete_patterns="*",
        commit_message="Deploy LAA-Net Lens",
    )
    if commit.oid != before:
        done.append(f"uploaded the files as {commit.oid}")
    has = runtime.requested_hardware or runtime.hardware or _FREE
    if plan.hardware and plan.hardware != has:
        api.request_space_hardware(plan.space, plan.hardware)
        done.append(f"asked for the hardware {plan.hardware}")
    return done or ["nothing to do"]


def _plain(volumes: Sequence[Volume]) -> list[tuple[str, str, str, str | None]]:
    return sorted((volume.type, volume.source, volume.mount_path, volume.path) for volume in volumes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python spaces/deploy.py", description=__doc__)
    parser.add_argument("space", metavar="OWNER/NAME")
    parser.add_argument(
        "--hardware",
        choices=HARDWARE,
        default="cpu",
        help="the kind of machine the Space is made for (default: cpu)",
    )
    parser.add_argument(
        "--request", metavar="NAME", help="also ask for a machine, as the Hub names it: t4-small, zero-a10g"
    )
    parser.add_argument("--private", action="store_true", help="where it is made: only members see it")
    parser.add_argument(
        "--weights",
        default="starter",
        help="starter (default), hf://owner/name@ and 40 digits, or a folder of a volume",
    )
    parser.add_argument(
        "--volume",
        action="append",
        default=[],
        metavar="BUCKET:/PATH",
        help="mount a storage bucket: owner/name:/data",
    )
    parser.add_argument(
        "--backups", metavar="WHERE", help="a folder of a volume, or hf://datasets/owner/name"
    )
    parser.add_argument("--variable", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="NAME",
        help="its value is this machine's environment variable",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="list the files and the plan, and ask the Hub for nothing"
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="only lay the files into an empty folder")
    parser.add_argument("--json", action="store_true", help="print the plan as one JSON object")
    return parser


def _plan(args: argparse.Namespace) -> tuple[Plan, Wanted]:
    if not _SPACE.fullmatch(args.space):
        raise Unclear(f"the Space must be OWNER/NAME, not {args.space!r}")
    variables = {"LENS_WEIGHTS": args.weights} | ({"LENS_BACKUPS": args.backups} if args.backups else {})
    variables |= dict(_variable(given) for given in args.variable)
    for name in args.secret:
        if not _KEY.fullmatch(name) or not os.environ.get(name):
            raise Unclear(f"there is no environment variable {name} that holds the secret's value")
    volumes = tuple(_volume(given) for given in args.volume)
    _require_weights(args.weights, volumes)
    _require_backups(args.backups or "", args.secret)
    wanted = Wanted(args.hardware, args.request or "", args.weights, "LENS_DATABASE_URL" in args.secret)
    return Plan(args.space, args.request, args.private, variables, tuple(args.secret), volumes), wanted


def _variable(given: str) -> tuple[str, str]:
    """Name and value; the value is in no error that says it is a secret."""
    name, equals, value = given.partition("=")
    if not equals or not _KEY.fullmatch(name):
        raise Unclear(f"--variable must be NAME=VALUE, not {given!r}")
    if name in _OPTIONS:
        raise Unclear(f"{name} is set by {_OPTIONS[name]}")
    if _SECRET_NAME.fullmatch(name) or _SECRET_VALUE.search(value):
        raise Unclear(
            f"everybody can read a Space's variables, and {name} looks like a secret: give it in the environment, and --secret {name}"
        )
    return name, value


def _require_weights(weights: str, volumes: Sequence[Volume]) -> None:
    """A commit is asked for where the card is made. A folder of this machine is none on the Space."""
    if weights == "starter" or weights.startswith("hf://"):
        return
    mounted = any(Path(weights).is_relative_to(volume.mount_path) for volume in volumes)
    if not mounted or ".." in Path(weights).parts:
        raise Unclear(
            f"--weights must be starter, hf://owner/name@ and a commit, or a folder of a --volume, not {weights!r}"
        )


def _require_backups(backups: str, secrets: Sequence[str]) -> None:
    if "://" not in backups:
        if backups and not backups.startswith("/"):
            raise Unclear(
                f"--backups must be a folder of a volume, from / on, or hf://datasets/owner/name, not {backups!r}"
            )
        return
    if not _REPOSITORY.fullmatch(backups):
        raise Unclear(
            f"--backups must be a folder of a volume, from / on, or hf://datasets/owner/name, not {backups!r}"
        )
    if "HF_TOKEN" not in secrets:
        raise Unclear(f"the Space cannot write backups to {backups} without a token: --secret HF_TOKEN")


def _volume(given: str) -> Volume:
    found = re.fullmatch(r"([\w.-]+/[\w.-]+):(/[\w./-]+)", given, re.ASCII)
    if found is None:
        raise Unclear(f"--volume must be owner/name:/path, not {given!r}")
    return Volume(type="bucket", source=found[1], mount_path=found[2])


def _tell(folder: Path, files: Sequence[Path], plan: Plan, *, as_json: bool) -> None:
    sizes = {path.as_posix(): (folder / path).stat().st_size for path in files}
    shown = {**plan.to_json(), "oauth_scopes": sign_in(folder)}
    if as_json:
        print(json.dumps({**shown, "files": sizes, "bytes": sum(sizes.values())}))
        return
    for name, size in sizes.items():
        print(f"{size:>12,}  {name}")
    print(f"{sum(sizes.values()):>12,}  in {len(sizes)} files")
    for name, value in shown.items():
        print(f"{name}: {json.dumps(value)}")


if __name__ == "__main__":
    sys.exit(main())
