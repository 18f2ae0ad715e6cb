"""Names of backup files, which are complete or absent."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

# Ending of a backup's name, by dialect of the database.
SUFFIXES = {"sqlite": ".sqlite3", "postgresql": ".dump"}


def backups(folder: Path, dialect: str) -> list[Path]:
    """Return the backups of a dialect in a folder, newest last; empty for a dialect without backups."""
    if dialect not in SUFFIXES:
        return []
    return sorted(folder.glob(f"lens-*{SUFFIXES[dialect]}"))


def named(folder: Path, dialect: str, moment: datetime) -> Path:
    """Return the path of a backup begun at `moment`."""
    return folder / f"lens-{moment:%Y%m%dT%H%M%S.%fZ}{SUFFIXES[dialect]}"


def moment_of(backup: Path) -> datetime:
    """Return the time at which a backup was begun, from its name. Raises ValueError."""
    # Without the "Z" at the end, which stands for UTC.
    timestamp = backup.stem.removeprefix("lens-")[:-1]
    return datetime.strptime(f"{timestamp}+0000", "%Y%m%dT%H%M%S.%f%z")


def unfinished(target: Path) -> Path:
    """Return the path of the incomplete file of a backup."""
    return target.with_name(f"{target.name}.part")


def finish(target: Path) -> None:
    """Flush the complete file to the disk and give it its final name. Raises OSError."""
    part = unfinished(target)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    # The name must survive a power cut, too.
    folder_descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder_descriptor)
    finally:
        os.close(folder_descriptor)
