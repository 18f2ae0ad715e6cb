"""Create or update a Hugging Face Space with this application; see DEPLOYING.md.

A repeated run changes nothing.
"""

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
from staging import HARDWARE, SpaceProfile, StagingError, oauth_scopes, stage

# Forms of the arguments.
_VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
_SPACE = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_DATASET = re.compile(r"hf://datasets/[\w.-]+/[\w.-]+", re.ASCII)
_VOLUME = re.compile(r"(?P<bucket>[\w.-]+/[\w.-]+):(?P<path>/[\w./-]+)", re.ASCII)

# Names and values of variables that look like secrets: tokens of known services, private keys, and addresses
# with a password.
_SECRET_NAME = re.compile(r"(.*_)?(SECRET|TOKEN|KEY|PASSWORD)S?")
_SECRET_VALUE = re.compile(
    r"(?<!\w)(hf|gh[a-z]|github_pat|glpat|sk|xox[a-z])[_-][\w-]{8}|AKIA[0-9A-Z]{16}|-----BEGIN |"
    r"://[^/@\s]*:[^/@\s]+@",
    re.ASCII,
)

# Variables that have an option of their own, which checks the value and affects staging.
_OPTIONS = {"LENS_WEIGHTS": "--weights", "LENS_BACKUPS": "--backups"}

# Hardware of a Space for which none was requested.
_DEFAULT_HARDWARE = "cpu-basic"

_BACKUPS_RULE = "--backups must be a folder of a volume, starting with /, or hf://datasets/owner/name"


class InvalidArgument(Exception):
    """An argument that is malformed or contradicts another; the message says why."""


@dataclass(frozen=True)
class Plan:
    """Settings of the Space apart from its files.

    `hardware` is the Hub's name of a machine, or None to leave the machine unchanged. `secrets` are names of
    environment variables of this machine, which contain the values.
    """

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
    """Stage the Space's files, print the plan and deploy them; return the exit status.

    A dry run, or staging into a folder, deploys nothing.
    """
    args = _parser().parse_args(arguments)
    try:
        plan, profile = _plan(args)
        if args.to:
            _print_plan(args.to, stage(args.to, profile), plan, as_json=args.json)
            return 0
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "space"
            _print_plan(folder, stage(folder, profile), plan, as_json=args.json)
            if not args.dry_run:
                for line in deploy(HfApi(), folder, plan):
                    print(line, file=sys.stderr, flush=True)
    except (StagingError, InvalidArgument) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (HfHubHTTPError, HTTPError, HFValidationError, OSError) as error:
        print(f"error: the Hub refused or failed: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


def deploy(api: HfApi, folder: Path, plan: Plan) -> list[str]:
    """Bring the Space into the planned state and return one line per change.

    Requests only what differs, except for secrets, whose present values cannot be read.
    """
    changes = []
    if not api.repo_exists(plan.space, repo_type="space"):
        api.create_repo(
            plan.space, repo_type="space", space_sdk="gradio", private=plan.private, exist_ok=True
        )
        changes.append(f"created the Space {plan.space}")
    # Settings come before the files, because uploading files builds and starts the Space.
    present = api.get_space_variables(plan.space)
    for name, value in plan.variables.items():
        is_set = name in present and present[name].value == value
        if not is_set:
            api.add_space_variable(plan.space, name, value)
            changes.append(f"set the variable {name}")
    for name in plan.secrets:
        api.add_space_secret(plan.space, name, os.environ[name])
        changes.append(f"set the secret {name}")
    runtime = api.get_space_runtime(plan.space)
    if plan.volumes and _comparable(runtime.volumes or []) != _comparable(plan.volumes):
        api.set_space_volumes(plan.space, list(plan.volumes))
        mounts = ", ".join(f"{volume.source} at {volume.mount_path}" for volume in plan.volumes)
        changes.append(f"mounted {mounts}")

    head = api.space_info(plan.space).sha
    commit = api.upload_folder(
        repo_id=plan.space,
        repo_type="space",
        folder_path=folder,
        delete_patterns="*",
        commit_message="Deploy LAA-Net Lens",
    )
    if commit.oid != head:
        changes.append(f"uploaded the files as {commit.oid}")
    hardware = runtime.requested_hardware or runtime.hardware or _DEFAULT_HARDWARE
    if plan.hardware and plan.hardware != hardware:
        api.request_space_hardware(plan.space, plan.hardware)
        changes.append(f"requested the hardware {plan.hardware}")
    return changes or ["nothing to do"]


def _comparable(volumes: Sequence[Volume]) -> list[tuple[str, str, str, str | None]]:
    """Return the properties of volumes that a plan sets, in an order that does not depend on the Hub's."""
    return sorted((volume.type, volume.source, volume.mount_path, volume.path) for volume in volumes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python spaces/deploy.py", description=__doc__)
    parser.add_argument("space", metavar="OWNER/NAME")
    parser.add_argument(
        "--hardware",
        choices=HARDWARE,
        default="cpu",
        help="kind of machine to prepare the Space for (default: cpu)",
    )
    parser.add_argument(
        "--request", metavar="NAME", help="also request a machine by its Hub name: t4-small, zero-a10g"
    )
    parser.add_argument(
        "--private", action="store_true", help="create a private Space; an existing one is left as it is"
    )
    parser.add_argument(
        "--weights",
        default="starter",
        help="starter (default), hf://owner/name@ and a commit of 40 digits, or a folder of a volume",
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
    parser.add_argument(
        "--variable", action="append", default=[], metavar="NAME=VALUE", help="set a public variable"
    )
    parser.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="NAME",
        help="set a secret to the value of this machine's environment variable",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the files and the plan without contacting the Hub"
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="only copy the files into an empty folder")
    parser.add_argument("--json", action="store_true", help="print the plan as one JSON object")
    return parser


def _plan(args: argparse.Namespace) -> tuple[Plan, SpaceProfile]:
    """Check the arguments; return the plan and the profile for staging. Raises InvalidArgument."""
    if not _SPACE.fullmatch(args.space):
        raise InvalidArgument(f"the Space must be OWNER/NAME, not {args.space!r}")
    variables = {"LENS_WEIGHTS": args.weights}
    if args.backups:
        variables["LENS_BACKUPS"] = args.backups
    variables |= dict(_parse_variable(argument) for argument in args.variable)
    for name in args.secret:
        if not _VARIABLE_NAME.fullmatch(name) or not os.environ.get(name):
            raise InvalidArgument(f"there is no environment variable {name} with the secret's value")
    volumes = tuple(_parse_volume(argument) for argument in args.volume)
    _check_weights(args.weights, volumes)
    _check_backups(args.backups or "", args.secret)
    profile = SpaceProfile(
        hardware=args.hardware,
        suggested=args.request or "",
        weights=args.weights,
        postgresql="LENS_DATABASE_URL" in args.secret,
    )
    plan = Plan(
        space=args.space,
        hardware=args.request,
        private=args.private,
        variables=variables,
        secrets=tuple(args.secret),
        volumes=volumes,
    )
    return plan, profile


def _parse_variable(argument: str) -> tuple[str, str]:
    """Return name and value of a --variable. Raises InvalidArgument, whose message never repeats a secret."""
    name, equals, value = argument.partition("=")
    if not equals or not _VARIABLE_NAME.fullmatch(name):
        raise InvalidArgument(f"--variable must be NAME=VALUE, not {argument!r}")
    if name in _OPTIONS:
        raise InvalidArgument(f"{name} is set by {_OPTIONS[name]}")
    if _SECRET_NAME.fullmatch(name) or _SECRET_VALUE.search(value):
        raise InvalidArgument(
            f"a Space's variables are public, and {name} looks like a secret: "
            f"set it in the environment and use --secret {name}"
        )
    return name, value


def _check_weights(weights: str, volumes: Sequence[Volume]) -> None:
    """Require bundled weights, weights on the Hub or a folder of a volume; staging checks the Hub's commit.

    Raises InvalidArgument for any other value.
    """
    if weights == "starter" or weights.startswith("hf://"):
        return
    mounted = any(Path(weights).is_relative_to(volume.mount_path) for volume in volumes)
    if not mounted or ".." in Path(weights).parts:
        raise InvalidArgument(
            "--weights must be starter, hf://owner/name@ and a commit, or a folder of a --volume, "
            f"not {weights!r}"
        )


def _check_backups(backups: str, secrets: Sequence[str]) -> None:
    """Require no backups, a folder of a volume, or a dataset repository with a token to write to it.

    `backups` is empty without backups. Raises InvalidArgument for any other value.
    """
    if not backups or backups.startswith("/"):
        return
    if not _DATASET.fullmatch(backups):
        raise InvalidArgument(f"{_BACKUPS_RULE}, not {backups!r}")
    if "HF_TOKEN" not in secrets:
        raise InvalidArgument(f"the Space cannot write backups to {backups} without --secret HF_TOKEN")


def _parse_volume(argument: str) -> Volume:
    """Return the storage bucket of a --volume with its mount path. Raises InvalidArgument."""
    match = _VOLUME.fullmatch(argument)
    if match is None:
        raise InvalidArgument(f"--volume must be owner/name:/path, not {argument!r}")
    return Volume(type="bucket", source=match["bucket"], mount_path=match["path"])


def _print_plan(folder: Path, files: Sequence[Path], plan: Plan, *, as_json: bool) -> None:
    """Print the plan and the sizes in bytes of the staged files."""
    sizes = {path.as_posix(): (folder / path).stat().st_size for path in files}
    settings = {**plan.to_json(), "oauth_scopes": oauth_scopes(folder)}
    if as_json:
        print(json.dumps({**settings, "files": sizes, "bytes": sum(sizes.values())}))
        return
    total = sum(sizes.values())
    for name, size in sizes.items():
        print(f"{size:>12,}  {name}")
    print(f"{total:>12,}  in {len(sizes)} files")
    for name, value in settings.items():
        print(f"{name}: {json.dumps(value)}")


if __name__ == "__main__":
    sys.exit(main())
