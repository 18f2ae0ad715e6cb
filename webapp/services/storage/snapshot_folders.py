"""Folders of snapshots and of the scores that gates measured on their gold parts."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

logger = logging.getLogger(__name__)
# Folder inside `scores` for data sets that hold nothing of visitors.
MANIFEST_SCORES = "manifests"


class SnapshotFolders:
    """Folders in `root`, one per snapshot, named by its public id; `scores` has one of the same name.

    Scores name faces and describe them, so they are deleted with their snapshot.
    """

    def __init__(self, root: Path, scores: Path) -> None:
        self.root = root
        self.scores = scores

    def of(self, public_id: str) -> Path:
        """Return a snapshot's folder."""
        return self.root / public_id

    def scores_of(self, public_id: str) -> Path:
        """Return the folder of the scores on a snapshot."""
        return self.scores / public_id

    def manifest_scores(self) -> Path:
        """Return the folder of the scores on other data sets."""
        return self.scores / MANIFEST_SCORES

    def remove(self, public_ids: Iterable[str]) -> None:
        """Remove the folders of stale snapshots, which must not be trained on.

        The next sweep removes what remains.
        """
        for public_id in public_ids:
            for folder in (self.of(public_id), self.scores_of(public_id)):
                _remove(folder)

    def sweep(self, known: set[str], before: datetime) -> list[str]:
        """Remove unknown snapshot folders from before a time and return their names.

        Scores of unknown snapshots are removed at any age: a gate may write them after its snapshot is
        deleted.
        """
        for path in _entries(self.scores):
            if path.name not in known | {MANIFEST_SCORES}:
                _remove(path)
        old = [
            path.name
            for path in _entries(self.root)
            if path.name not in known and path.stat().st_mtime < before.timestamp()
        ]
        self.remove(old)
        return old


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
    if path.exists():
        logger.error("%s of a stale snapshot could not be removed", path)
