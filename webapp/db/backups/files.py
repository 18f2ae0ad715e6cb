"""The files of backups: named by their time, complete or absent."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

SUFFIXES = {"sqlite": ".sqlite3", "postgresql": ".dump"}


def backups(folder: Path, dialect: str) -> list[Path]:
    """Those of a kind of database, the newest last."""
    return sorted(folder.glob(f"lens-*{SUFFIXES[dialect]}")) if dialect in SUFFIXES else []


def named(folder: Path, dialect: str, moment: datetime) -> Path:
    return folder / f"lens-{moment:%Y%m%dT%H%M%S.%fZ}{SUFFIXES[dialect]}"


def moment_of(backup: Path) -> datetime:
    """When it was begun, by its name. Raises ValueError."""
    return datetime.strptime(f"{backup.stem.removeprefix('lens-')[:-1]}+0000", "%Y%m%dT%H%M%S.%f%z")


def unfinished(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def finish(target: Path) -> None:
    """Give the complete file its name, so that it is there after a power cut too. Raises OSError."""
    part = unfinished(target)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
