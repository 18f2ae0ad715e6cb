from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from webapp.domain.errors import Unable
from webapp.services.training.snapshot_index import INDEX_FILE, SnapshotIndex, read_index, verify_files

# As written before the index had a model
STORED = {
    "format": 1,
    "id": "5" * 32,
    "created_at": "2026-01-02T03:04:05+00:00",
    "consents": ["2"],
    "left_out": {},
    "files": {},
    "items": [
        {
            "name": "c1-0",
            "sha256": hashlib.sha256(b"picture").hexdigest(),
            "region_sha256": hashlib.sha256(b"region").hexdigest(),
            "landmarks": True,
            "media_sha256": "e" * 64,
            "label": "fake",
            "part": "gold",
            "group": "g" * 64,
            "case": "c1",
            "decision": 7,
            "provenance": {"how": "majority", "labels": 3, "decided_at": "2026-01-02T03:04:05+00:00"},
            "consent": "2",
        }
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "c1-0.png").write_bytes(b"picture")
    (tmp_path / "faces" / "c1-0.region.png").write_bytes(b"region")
    (tmp_path / INDEX_FILE).write_text(json.dumps(STORED))
    return tmp_path


def sha256_of(folder: Path) -> str:
    return hashlib.sha256((folder / INDEX_FILE).read_bytes()).hexdigest()


def test_a_stored_index_loads_and_keeps_its_keys(folder: Path) -> None:
    index = read_index(folder)
    assert (index.items[0].split, index.items[0].has_landmarks) == ("gold", True)
    assert index.model_dump(mode="json", by_alias=True) == STORED
    assert SnapshotIndex.model_validate(STORED) == index
    verify_files(folder, sha256_of(folder))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("faces/c1-0.png", b"changed"),
        ("faces/c1-0.region.png", None),
        ("faces/more.png", b""),
        (INDEX_FILE, b"{}"),
    ],
)
def test_a_changed_missing_or_unknown_file_is_named(folder: Path, name: str, content: bytes | None) -> None:
    sha256 = sha256_of(folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(Unable, match=name.rpartition("/")[2]) as error:
        verify_files(folder, sha256)
    assert error.value.code == "snapshot_changed"
