"""Where snapshots lie, and how their folders go."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

logger = logging.getLogger(__name__)


class SnapshotFolders:
    """The folders of all snapshots, in `root`, each named for its public id."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def of(self, public_id: str) -> Path:
        return self.root / public_id

    def remove(self, public_ids: Iterable[str]) -> None:
        """Take away what is stale: it may not be learned from again. What cannot be removed goes at the next sweep."""
        for public_id in public_ids:
            shutil.rmtree(self.of(public_id), ignore_errors=True)
            if self.of(public_id).exists():
                logger.error("the folder of the stale snapshot %s could not be removed", public_id)

    def sweep(self, known: set[str], before: datetime) -> list[str]:
        """Remove the folders that are not known, once they are older than a time; their names."""
        if not self.root.is_dir():
            return []
        gone = [path.name for path in self.root.iterdir() if path.name not in known and path.stat().st_mtime < before.timestamp()]
        self.remove(gone)
        return gone
