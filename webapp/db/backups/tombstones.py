"""What must not come back from a dump: beside each, the hashes of the receipts' hashes that were deleted since it was begun."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def beside(dump: Path) -> Path:
    return dump.with_name(f"{dump.name}.deleted")


def begin(dump: Path) -> None:
    """Before the dump is: from now on deletions are noted. Raises OSError."""
    beside(dump).touch()


def bury(folder: Path, receipt_hash: str) -> None:
    """Note a deletion beside every dump, and beside those under way. Raises OSError."""
    line = f"{mark(receipt_hash)}\n".encode()
    for path in folder.glob("lens-*.dump.deleted"):
        with path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def buried(dump: Path) -> set[str]:
    """Marks of what must not come back."""
    path = beside(dump)
    return set(path.read_text(encoding="ascii").split()) if path.exists() else set()


def mark(receipt_hash: str) -> str:
    """Tells of a receipt's hash whether it is meant, and nothing else."""
    return hashlib.sha256(receipt_hash.encode()).hexdigest()
