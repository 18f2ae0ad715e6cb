"""File beside the database that stores the head of the audit log, so that a shortened log is detected."""

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

# A number of up to 18 digits and a sha256 in hex.
_LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{64})\n", re.ASCII)


class HeadFile:
    """File of one line, `number hash`, replaced atomically and flushed to disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Head | None:
        """Return the stored head; None if there is no file.

        Raises BrokenAudit for a damaged file, and OSError.
        """
        try:
            line = self._path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return None
        match = _LINE.fullmatch(line)
        if match is None:
            raise BrokenAudit(
                "audit_unknown_head",
                f"the file {self._path.name}, which stores the head of the audit log, is damaged",
            )
        return Head(int(match[1]), match[2])

    def write(self, head: Head) -> None:
        """Replace the file. Raises OSError."""
        partial = self._path.with_name(f"{self._path.name}.part")
        with partial.open("w", encoding="ascii") as file:
            file.write(f"{head.number} {head.hash}\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
        sync_folder(self._path.parent)

    def set_aside(self) -> None:
        """Rename the file, because its log was replaced on purpose."""
        if self._path.exists():
            self._path.replace(self._path.with_name(f"{self._path.name}.{now():%Y%m%dT%H%M%S%fZ}"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Exclude all other threads and processes. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{self._path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names to disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
