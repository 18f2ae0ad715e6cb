"""Where snapshots lie and what was judged of their gold parts, and how those folders go."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

logger = logging.getLogger(__name__)
ELSEWHERE = "manifests"  # of `judged`: what was judged of data sets that are not made of what visitors gave


class SnapshotFolders:
    """The folders of all snapshots, in `root`, each named for its public id; `judged` has one of the same name for what was judged of it.

    What was judged names faces, and says what they are like: it goes with its snapshot.
    """

    def __init__(self, root: Path, judged: Path) -> None:
        self.root = root
        self.judged = judged

    def of(self, public_id: str) -> Path:
        return self.root / public_id

    def judged_of(self, public_id: str) -> Path:
        return self.judged / public_id

    def judged_elsewhere(self) -> Path:
        return self.judged / ELSEWHERE

    def remove(self, public_ids: Iterable[str]) -> None:
        """Take away what is stale: it may not be learned from again. What cannot be removed goes at the next sweep."""
        for public_id in public_ids:
            for folder in (self.of(public_id), self.judged_of(public_id)):
                _remove(folder)

    def sweep(self, known: set[str], before: datetime) -> list[str]:
        """Remove the folders that are not known, once they are older than a time; their names. What was judged of snapshots that are not
        known goes at once: a gate may have written it after its snapshot went.
        """
        for path in _inside(self.judged):
            if path.name not in known | {ELSEWHERE}:
                _remove(path)
        gone = [
            path.name
            for path in _inside(self.root)
            if path.name not in known and path.stat().st_mtime < before.timestamp()
        ]
        self.remove(gone)
        return gone


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
    if path.exists():
        logger.error("%s of a stale snapshot could not be removed", path)
