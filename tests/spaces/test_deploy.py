"""What `spaces/deploy.py` lays together, and what it asks of a Hub."""

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
    done = deploy(*arguments, "--dry-run", "--json", **environment)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def front_matter(folder: Path) -> dict[str, Any]:
    matter: dict[str, Any] = yaml.safe_load(
        (folder / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    )
    return matter


def test_a_dry_run_lists_what_a_space_needs_and_nothing_else() -> None:
    given = plan(
        "--secret",
        "LENS_METRICS_TOKEN",
        LENS_METRICS_TOKEN="value-of-the-secret",
        HF_ENDPOINT="http://127.0.0.1:9",
    )
    files = given["files"]
    assert {
        "app.py",
        "README.md",
        "requirements.txt",
        "laanet_core/starter/model.safetensors",
        "webapp/ui/style.css",
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
    assert given["bytes"] == sum(files.values())
    assert given["secrets"] == ["LENS_METRICS_TOKEN"]
    assert given["oauth_scopes"] == ["read-memberships"]
    assert 'oauth_scopes: ["read-memberships"]' in deploy("--dry-run").stdout
    assert "value-of-the-secret" not in json.dumps(given)


@pytest.mark.parametrize(
    ("hardware", "suggested", "torch"),
    [("cpu", "cpu-basic", None), ("gpu", "t4-small", None), ("zerogpu", "zero-a10g", "2.11.0")],
)
def test_card_and_requirements_fit_the_hardware(
    tmp_path: Path, hardware: str, suggested: str, torch: str | None
) -> None:
    done = deploy(
        "--hardware", hardware, "--weights", f"hf://someone/weights@{COMMIT}", "--to", str(tmp_path / "space")
    )
    assert done.returncode == 0, done.stderr
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
    assert "hf_oauth_authorized_org" not in matter  # visitors of the public page are no members
    assert {"authlib==1.9.10", "httpx2==2.16.2"} <= set(needed)
    assert len(matter["short_description"]) <= 60
    assert f"torch=={torch or own['torch']}" in needed
    assert ("spaces==0.51.3" in needed) == (hardware == "zerogpu")
    assert {line.split("==")[0] for line in needed} >= set(own)


def test_a_space_is_made_and_brought_up_to_date_and_then_left_alone(hub: HubServer, tmp_path: Path) -> None:
    asked = (
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
    first = deploy(*asked, **environment)
    assert first.returncode == 0, first.stderr
    made = hub.repositories["space", "owner/lens"]
    assert made.private
    assert (
        made.files["laanet_core/starter/model.safetensors"]
        == (ROOT / "laanet_core/starter/model.safetensors").read_bytes()
    )
    assert len(made.files) == len(plan()["files"])
    assert made.space["variables"] == {"LENS_WEIGHTS": "starter", "LENS_BACKUPS": "/data"}
    assert made.space["secrets"] == {"LENS_METRICS_TOKEN": "value-of-the-secret"}
    assert (made.space["hardware"], made.space["volumes"][0]["mountPath"]) == ("t4-small", "/data")
    assert "value-of-the-secret" not in first.stdout + first.stderr

    made.files["left/by/an/older/version.py"] = b""
    assert "uploaded the files" in deploy(*asked, **environment).stderr
    assert "left/by/an/older/version.py" not in made.files
    commits = len(made.commits)
    again = deploy(*[word for word in asked if word not in ("--secret", "LENS_METRICS_TOKEN")], **environment)
    assert (again.returncode, again.stderr.strip().splitlines()[-1]) == (0, "nothing to do")
    assert len(made.commits) == commits


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
        (("--backups", "data"), "a folder of a volume, from / on"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(arguments: tuple[str, ...], complaint: str) -> None:
    done = deploy(*arguments, "--dry-run")
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any(secret in done.stderr for secret in ("12345678", "sixteen"))


@pytest.mark.parametrize(
    "space", ["lens", "owner/lens/more", "owner/", "https://huggingface.co/spaces/owner/lens"]
)
def test_a_space_has_an_owner_and_a_name(space: str) -> None:
    command = [sys.executable, "spaces/deploy.py", space, "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        f"error: the Space must be OWNER/NAME, not {space!r}\n",
    )


def test_what_is_no_secret_may_be_a_variable_and_what_is_mounted_may_hold_weights() -> None:
    given = plan(
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
    assert given["variables"] == {
        "LENS_WEIGHTS": "/data/weights",
        "LENS_BACKUPS": "hf://datasets/owner/backups",
        "LENS_STORE": "s3://bucket/disk-of-the-space",
        "LENS_PUBLIC_URL": "https://lens.example:8443/@lens",
    }


def test_files_with_secrets_are_not_staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "spaces"))
    import staging

    (tmp_path / "webapp").mkdir()
    for name in ("app.py", "LICENSE", "NOTICE.md"):
        (tmp_path / name).write_text("harmless")
    secret = tmp_path / "webapp" / "config.py"
    secret.write_text("TOKEN = '" + "hf_" + "a" * 34 + "'")
    (tmp_path / "webapp" / ".env").write_text("never staged")
    (tmp_path / "webapp" / "notes.txt").write_text("of no known kind")
    for name in ("spaces", "requirements.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setattr(staging, "ROOT", tmp_path)
    assert staging.sources() == ["LICENSE", "NOTICE.md", "app.py", "webapp/config.py"]
    with pytest.raises(staging.NotStaged, match=r"config\.py holds what looks like a secret"):
        staging.stage(tmp_path / "staged", staging.Wanted())
    secret.write_text("")
    with secret.open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(staging.NotStaged, match="larger than 100 MB"):
        staging.stage(tmp_path / "again", staging.Wanted())
