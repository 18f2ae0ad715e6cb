"""Tombstones of analyses deleted after a PostgreSQL dump, so that a restore leaves them out.

A file beside each dump lists hashes of receipt hashes, one per line.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def beside(dump: Path) -> Path:
    """Return the file of tombstones of a dump."""
    return dump.with_name(f"{dump.name}.deleted")


def begin(dump: Path) -> None:
    """Create the file of tombstones before the dump starts. Raises OSError."""
    beside(dump).touch()


def add(folder: Path, receipt_hash: str) -> None:
    """Add a tombstone to every dump, unfinished ones included. Raises OSError."""
    line = f"{mark(receipt_hash)}\n".encode()
    for path in folder.glob("lens-*.dump.deleted"):
        with path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def read(dump: Path) -> set[str]:
    """Return the tombstones of a dump."""
    path = beside(dump)
    return set(path.read_text(encoding="ascii").split()) if path.exists() else set()


def mark(receipt_hash: str) -> str:
    """Return the tombstone of a receipt hash. It identifies the receipt and reveals nothing about it."""
    return hashlib.sha256(receipt_hash.encode()).hexdigest()
