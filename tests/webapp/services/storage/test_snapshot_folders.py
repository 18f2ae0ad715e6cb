"""Folders of snapshots."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from webapp.domain.clock import now
from webapp.services.storage.snapshot_folders import SnapshotFolders


@pytest.fixture
def folders(tmp_path: Path) -> SnapshotFolders:
    made = SnapshotFolders(tmp_path / "snapshots", tmp_path / "scores")
    for name in ("known", "unknown", "young"):
        for folder in (made.of(name), made.scores_of(name)):
            folder.mkdir(parents=True)
            (folder / "file").touch()
    made.manifest_scores().mkdir()
    return made


def test_a_removed_snapshot_takes_its_scores_along(folders: SnapshotFolders) -> None:
    folders.remove(["known", "never there"])
    assert not folders.of("known").exists()
    assert not folders.scores_of("known").exists()
    assert folders.of("unknown").is_dir()


def test_the_sweep_removes_old_unknown_snapshots_and_all_unknown_scores(folders: SnapshotFolders) -> None:
    old = (now() - timedelta(hours=2)).timestamp()
    for name in ("known", "unknown"):
        os.utime(folders.of(name), (old, old))
    assert folders.sweep({"known"}, now() - timedelta(hours=1)) == ["unknown"]
    assert sorted(path.name for path in folders.root.iterdir()) == ["known", "young"]
    assert sorted(path.name for path in folders.scores.iterdir()) == ["known", "manifests"]
