from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT


@pytest.fixture
def staging(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module as `spaces/deploy.py` imports it."""
    monkeypatch.syspath_prepend(str(ROOT / "spaces"))
    import staging

    return staging


@pytest.fixture
def repository(tmp_path: Path, staging: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository that staging copies from."""
    root = tmp_path / "repository"
    (root / "webapp").mkdir(parents=True)
    for name in ("app.py", "LICENSE", "NOTICE.md", "webapp/config.py"):
        (root / name).write_text("harmless")
    (root / "webapp" / ".env").write_text("never staged")
    (root / "webapp" / "notes.odt").write_text("a suffix that is not listed")
    for name in ("spaces", "requirements.txt", "requirements-dev.txt"):
        (root / name).symlink_to(ROOT / name)
    monkeypatch.setattr(staging, "ROOT", root)
    return root


def test_only_listed_suffixes_are_staged(staging: ModuleType, repository: Path, tmp_path: Path) -> None:
    assert staging.source_files() == ["LICENSE", "NOTICE.md", "app.py", "webapp/config.py"]
    staged = staging.stage(tmp_path / "staged", staging.SpaceProfile())
    assert {path.as_posix() for path in staged} == {
        "LICENSE",
        "NOTICE.md",
        "README.md",
        "app.py",
        "requirements.txt",
        "webapp/config.py",
    }


def test_every_file_of_the_packages_is_staged(staging: ModuleType) -> None:
    """A file with a new suffix, which the application reads, must not be missing on a Space."""
    files = {
        path.relative_to(ROOT).as_posix()
        for package in ("laanet_core", "webapp")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files - set(staging.source_files()) == {"webapp/examples/make.py"}


def test_secrets_large_files_and_full_folders_are_refused(
    staging: ModuleType, repository: Path, tmp_path: Path
) -> None:
    secret = repository / "webapp" / "config.py"
    secret.write_text("TOKEN = '" + "hf_" + "a" * 34 + "'")
    with pytest.raises(staging.StagingError, match=r"config\.py seems to contain a secret"):
        staging.stage(tmp_path / "staged", staging.SpaceProfile())
    with pytest.raises(staging.StagingError, match="is not empty"):
        staging.stage(tmp_path / "staged", staging.SpaceProfile())
    secret.write_text("")
    with secret.open("wb") as file:
        file.truncate(staging.LARGEST_FILE + 1)
    with pytest.raises(staging.StagingError, match="larger than 100 MB"):
        staging.stage(tmp_path / "again", staging.SpaceProfile())


def test_postgresql_adds_its_programs_and_driver(
    staging: ModuleType, repository: Path, tmp_path: Path
) -> None:
    profile = staging.SpaceProfile(postgresql=True)
    assert "psycopg[binary]==" in staging.requirements(profile)
    assert Path("packages.txt") in staging.stage(tmp_path / "staged", profile)


def test_weights_on_the_hub_must_be_pinned(staging: ModuleType) -> None:
    with pytest.raises(staging.StagingError, match="is not pinned"):
        staging.card(staging.SpaceProfile(weights="hf://someone/weights@main"))
