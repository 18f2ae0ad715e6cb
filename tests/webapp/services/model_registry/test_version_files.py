from __future__ import annotations

from pathlib import Path

import pytest

from webapp.domain.errors import Unable
from webapp.services.model_registry.version_files import add_files, require_unchanged


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("model.safetensors", "config.json", "README.md"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_only_the_two_files_are_copied_and_an_interrupted_copy_is_replaced(
    source: Path, tmp_path: Path
) -> None:
    root = tmp_path / "models"
    (root / ".v1.part").mkdir(parents=True)
    (root / "v1").mkdir()
    (root / "v1" / "leftover").write_bytes(b"")
    registered = add_files(source, root, "v1")
    assert registered.folder == root / "v1"
    assert {path.name for path in registered.folder.iterdir()} == {"model.safetensors", "config.json"}
    assert [path.name for path in root.iterdir()] == ["v1"]
    require_unchanged(registered)


def test_a_changed_or_missing_file_is_reported(source: Path, tmp_path: Path) -> None:
    registered = add_files(source, tmp_path / "models", "v1")
    (registered.folder / "config.json").write_bytes(b"changed")
    with pytest.raises(Unable, match="have changed"):
        require_unchanged(registered)
    (registered.folder / "config.json").unlink()
    with pytest.raises(Unable, match="cannot read"):
        require_unchanged(registered)
