"""Deployment with `spaces/deploy.py` to a local Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.hub_server import HubServer

COMMIT = "c" * 40


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as running:
        yield running


def deploy(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "spaces/deploy.py", "owner/lens", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=False, timeout=120
    )


def plan(*arguments: str, **environment: str) -> dict[str, Any]:
    process = deploy(*arguments, "--dry-run", "--json", **environment)
    assert process.returncode == 0, process.stderr
    answer: dict[str, Any] = json.loads(process.stdout)
    return answer


def front_matter(folder: Path) -> dict[str, Any]:
    matter: dict[str, Any] = yaml.safe_load(
        (folder / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    )
    return matter


def test_a_dry_run_lists_what_a_space_needs_and_nothing_else() -> None:
    planned = plan(
        "--secret",
        "LENS_METRICS_TOKEN",
        LENS_METRICS_TOKEN="value-of-the-secret",
        HF_ENDPOINT="http://127.0.0.1:9",
    )
    files = planned["files"]
    assert {
        "app.py",
        "README.md",
        "requirements.txt",
        "laanet_core/starter/model.safetensors",
        "webapp/ui/styles/tokens.css",
    } <= set(files)
    assert {name.split("/")[0] for name in files} == {
        "app.py",
        "LICENSE",
        "NOTICE.md",
        "README.md",
        "requirements.txt",
        "laanet_core",
        "webapp",
    }
    assert not [name for name in files if "test" in Path(name).name or "/." in name or "__pycache__" in name]
    assert max(files.values()) < 100_000_000
    assert planned["bytes"] == sum(files.values())
    assert planned["secrets"] == ["LENS_METRICS_TOKEN"]
    assert planned["oauth_scopes"] == ["read-memberships"]
    assert 'oauth_scopes: ["read-memberships"]' in deploy("--dry-run").stdout
    assert "value-of-the-secret" not in json.dumps(planned)


@pytest.mark.parametrize(
    ("hardware", "suggested", "torch"),
    [("cpu", "cpu-basic", None), ("gpu", "t4-small", None), ("zerogpu", "zero-a10g", "2.11.0")],
)
def test_card_and_requirements_match_the_hardware(
    tmp_path: Path, hardware: str, suggested: str, torch: str | None
) -> None:
    process = deploy(
        "--hardware", hardware, "--weights", f"hf://someone/weights@{COMMIT}", "--to", str(tmp_path / "space")
    )
    assert process.returncode == 0, process.stderr
    matter, needed = (
        front_matter(tmp_path / "space"),
        (tmp_path / "space" / "requirements.txt").read_text().splitlines(),
    )
    own = dict(
        line.split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line
    )
    assert (matter["sdk"], matter["sdk_version"], matter["app_file"]) == ("gradio", own["gradio"], "app.py")
    assert matter["suggested_hardware"] == suggested
    assert matter["models"] == ["someone/weights"]
    assert matter["preload_from_hub"] == [f"someone/weights config.json,model.safetensors {COMMIT}"]
    assert (matter["hf_oauth"], matter["hf_oauth_scopes"]) == (True, ["read-memberships"])
    # Visitors of the public page are no members of the organisation.
    assert "hf_oauth_authorized_org" not in matter
    assert {"authlib==1.9.10", "httpx2==2.16.2"} <= set(needed)
    assert len(matter["short_description"]) <= 60
    assert f"torch=={torch or own['torch']}" in needed
    assert ("spaces==0.51.3" in needed) == (hardware == "zerogpu")
    assert {line.split("==")[0] for line in needed} >= set(own)


def test_a_space_is_created_updated_and_then_left_alone(hub: HubServer, tmp_path: Path) -> None:
    arguments = (
        "--request",
        "t4-small",
        "--private",
        "--volume",
        "owner/state:/data",
        "--backups",
        "/data",
        "--secret",
        "LENS_METRICS_TOKEN",
    )
    environment = {
        "HF_ENDPOINT": hub.address,
        "HF_TOKEN": "token-of-the-deployer",
        "HF_HUB_DISABLE_XET": "1",
        "HOME": str(tmp_path),
    }
    environment["LENS_METRICS_TOKEN"] = "value-of-the-secret"
    first = deploy(*arguments, **environment)
    assert first.returncode == 0, first.stderr
    repository = hub.repositories["space", "owner/lens"]
    assert repository.private
    assert (
        repository.files["laanet_core/starter/model.safetensors"]
        == (ROOT / "laanet_core/starter/model.safetensors").read_bytes()
    )
    assert len(repository.files) == len(plan()["files"])
    assert repository.space["variables"] == {"LENS_WEIGHTS": "starter", "LENS_BACKUPS": "/data"}
    assert repository.space["secrets"] == {"LENS_METRICS_TOKEN": "value-of-the-secret"}
    assert (repository.space["hardware"], repository.space["volumes"][0]["mountPath"]) == (
        "t4-small",
        "/data",
    )
    assert "value-of-the-secret" not in first.stdout + first.stderr

    repository.files["left/by/an/older/version.py"] = b""
    assert "uploaded the files" in deploy(*arguments, **environment).stderr
    assert "left/by/an/older/version.py" not in repository.files
    commits = len(repository.commits)
    again = deploy(
        *[word for word in arguments if word not in ("--secret", "LENS_METRICS_TOKEN")], **environment
    )
    assert (again.returncode, again.stderr.strip().splitlines()[-1]) == (0, "nothing to do")
    assert len(repository.commits) == commits


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--weights", "hf://someone/weights@main"), "is not pinned"),
        (("--secret", "NOT_THERE"), "no environment variable NOT_THERE"),
        (("--variable", "lens=1"), "must be NAME=VALUE"),
        (("--volume", "owner/state"), "must be owner/name:/path"),
        (("--to", "."), "is not empty"),
        (("--variable", "LENS_WEBHOOK_SECRET=sixteen letters!"), "--secret LENS_WEBHOOK_SECRET"),
        (("--variable", "HF_TOKEN=x"), "--secret HF_TOKEN"),
        (("--variable", "LENS_STORE=hf_abcdefgh12345678"), "--secret LENS_STORE"),
        (
            ("--variable", "LENS_DATABASE_URL=postgresql://lens:12345678@db.example/lens"),
            "--secret LENS_DATABASE_URL",
        ),
        (("--variable", "LENS_WEIGHTS=/tmp"), "is set by --weights"),
        (("--weights", "/tmp"), "or a folder of a --volume, not '/tmp'"),
        (("--weights", "/data/../tmp", "--volume", "owner/state:/data"), "or a folder of a --volume"),
        (("--weights", "stater"), "or a folder of a --volume"),
        (("--backups", "hf://datasets/owner/backups"), "--secret HF_TOKEN"),
        (("--backups", "hf://owner/backups"), "hf://datasets/owner/name, not"),
        (("--backups", "data"), "a folder of a volume, starting with /"),
    ],
)
def test_invalid_arguments_get_one_line(arguments: tuple[str, ...], complaint: str) -> None:
    process = deploy(*arguments, "--dry-run")
    assert (process.returncode, process.stdout) == (1, "")
    assert complaint in process.stderr
    assert process.stderr.count("\n") == 1
    assert not any(secret in process.stderr for secret in ("12345678", "sixteen"))


@pytest.mark.parametrize(
    "space", ["lens", "owner/lens/more", "owner/", "https://huggingface.co/spaces/owner/lens"]
)
def test_a_space_has_an_owner_and_a_name(space: str) -> None:
    command = [sys.executable, "spaces/deploy.py", space, "--dry-run"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (process.returncode, process.stdout, process.stderr) == (
        1,
        "",
        f"error: the Space must be OWNER/NAME, not {space!r}\n",
    )


def test_harmless_variables_and_weights_on_a_volume_are_accepted() -> None:
    planned = plan(
        *(
            "--volume",
            "owner/state:/data",
            "--weights",
            "/data/weights",
            "--backups",
            "hf://datasets/owner/backups",
        ),
        *(
            "--variable",
            "LENS_STORE=s3://bucket/disk-of-the-space",
            "--variable",
            "LENS_PUBLIC_URL=https://lens.example:8443/@lens",
        ),
        *("--secret", "HF_TOKEN"),
        HF_TOKEN="token-of-the-space",
    )
    assert planned["variables"] == {
        "LENS_WEIGHTS": "/data/weights",
        "LENS_BACKUPS": "hf://datasets/owner/backups",
        "LENS_STORE": "s3://bucket/disk-of-the-space",
        "LENS_PUBLIC_URL": "https://lens.example:8443/@lens",
    }
