"""The audit log's head, kept in a file beside the database: who shortens the log must know of it too."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.db.audit_chain import Head
from webapp.domain.clock import now
from webapp.domain.errors import BrokenAudit


class HeadFile:
    """One line, `number hash`, replaced as a whole and written through to the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Head | None:
        """None where there is no file. Raises BrokenAudit for one that was not written here, and OSError."""
        try:
            line = self._path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return None
        found = re.fullmatch(r"(\d{1,18}) ([0-9a-f]{64})\n", line, re.ASCII)
        if found is None:
            raise BrokenAudit(
                "audit_unknown_head",
                f"the file {self._path.name}, where the head of the audit log is kept, is damaged",
            )
        return Head(int(found[1]), found[2])

    def write(self, head: Head) -> None:
        """Raises OSError."""
        unfinished = self._path.with_name(f"{self._path.name}.part")
        with unfinished.open("w", encoding="ascii") as file:
            file.write(f"{head.number} {head.hash}\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)
        sync_folder(self._path.parent)

    def set_aside(self) -> None:
        """Keep the file under another name: the log it tells of was replaced on purpose."""
        if self._path.exists():
            self._path.replace(self._path.with_name(f"{self._path.name}.{now():%Y%m%dT%H%M%S%fZ}"))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Alone among all threads and processes. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{self._path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def sync_folder(folder: Path) -> None:
    """Write a folder's list of names through to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
