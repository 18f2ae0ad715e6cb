"""Media store in a folder or a bucket (fsspec)."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# Suffix of an unfinished file.
_PART = ".part"


class StoreFailed(Exception):
    """An operation of the folder or bucket failed: it is full, read-only or unreachable."""


class MediaStore:
    """Files with random names.

    `address` is a folder or a URL of fsspec, such as s3://bucket/folder (with s3fs).
    """

    def __init__(self, address: str, options: Mapping[str, Any] | None = None) -> None:
        from fsspec.core import url_to_fs
        from fsspec.implementations.local import LocalFileSystem

        self._files, self._root = url_to_fs(address, **(options or {}))
        self._folder = Path(self._root) if isinstance(self._files, LocalFileSystem) else None

    def write(self, content: bytes) -> str:
        """Store a file completely, flushed to the disk, or not at all; return its name.

        Raises StoreFailed.
        """
        name = secrets.token_hex(16)
        with _failing():
            if self._folder is None:
                # A bucket shows an object once it is complete.
                self._files.pipe_file(self._path(name), content)
            else:
                _write(self._folder, name, content)
        return name

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises StoreFailed and FileNotFoundError."""
        with _failing(but=FileNotFoundError):
            return bytes(self._files.cat_file(self._path(name)))

    def remove(self, name: str) -> None:
        """Delete a file if it exists. Raises StoreFailed."""
        with _failing(), contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def listed(self) -> dict[str, datetime]:
        """Return the time of every file by name, unfinished ones included. Raises StoreFailed."""
        with _failing():
            self._files.invalidate_cache()
            try:
                entries = self._files.ls(self._root, detail=True)
            # Nothing was ever stored.
            except FileNotFoundError:
                return {}
            times: dict[str, datetime] = {}
            for entry in entries:
                if entry["type"] == "file":
                    name = str(entry["name"]).rpartition("/")[2]
                    times[name] = self._written(entry)
            return times

    def has(self, name: str) -> bool:
        """Return True if the file exists. Raises StoreFailed."""
        with _failing():
            self._files.invalidate_cache()
            return bool(self._files.exists(self._path(name)))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _written(self, entry: Mapping[str, Any]) -> datetime:
        """Return the time at which a file was written. Each kind of store has another key for it."""
        value = next((entry[key] for key in ("LastModified", "mtime", "created") if key in entry), None)
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        time: datetime = value if isinstance(value, datetime) else self._files.modified(entry["name"])
        return time if time.tzinfo else time.replace(tzinfo=UTC)


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write a file that only its owner may read, flushed to the disk, or remove what was written of it."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}{_PART}"
    try:
        with open(part, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(folder / name)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    listing = os.open(folder, os.O_RDONLY)
    try:
        # The name must survive a power cut, too.
        os.fsync(listing)
    finally:
        os.close(listing)


@contextlib.contextmanager
def _failing(but: tuple[type[Exception], ...] | type[Exception] = ()) -> Iterator[None]:
    """Turn every error of the store except `but` into StoreFailed."""
    try:
        yield
    except but:
        raise
    # Each kind of store has errors of its own.
    except Exception as error:
        raise StoreFailed(f"the media store failed: {type(error).__name__}: {error}") from error
