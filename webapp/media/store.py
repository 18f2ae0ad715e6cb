"""Where kept media lies: a folder or a bucket, alike (fsspec)."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_PART = ".part"  # the ending of a file that is being written


class StoreFailed(Exception):
    """The folder or bucket cannot do what was asked of it: full, read-only, out of reach."""


class MediaStore:
    """Files by random names. `address` is a folder's path, or what fsspec knows (s3://bucket/folder, with s3fs installed)."""

    def __init__(self, address: str, options: Mapping[str, Any] | None = None) -> None:
        from fsspec.core import url_to_fs
        from fsspec.implementations.local import LocalFileSystem

        self._files, self._root = url_to_fs(address, **(options or {}))
        self._folder = Path(self._root) if isinstance(self._files, LocalFileSystem) else None

    def write(self, content: bytes) -> str:
        """Put a file there, whole and on the disk itself when this returns, or not at all; its name. Raises StoreFailed."""
        name = secrets.token_hex(16)
        with _failing():
            if self._folder is None:
                self._files.pipe_file(
                    self._place(name), content
                )  # a bucket shows an object once all of it is there
            else:
                _write(self._folder, name, content)
        return name

    def read(self, name: str) -> bytes:
        """Raises StoreFailed, and FileNotFoundError."""
        with _failing(but=FileNotFoundError):
            return bytes(self._files.cat_file(self._place(name)))

    def remove(self, name: str) -> None:
        """Take a file away, if it is there. Raises StoreFailed."""
        with _failing(), contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._place(name))

    def listed(self) -> dict[str, datetime]:
        """Every file's name and when it was written, those that never came to their end among them. Raises StoreFailed."""
        with _failing():
            self._files.invalidate_cache()
            try:
                found = self._files.ls(self._root, detail=True)
            except FileNotFoundError:  # nothing was ever kept
                return {}
            return {
                str(entry["name"]).rpartition("/")[2]: self._written(entry)
                for entry in found
                if entry["type"] == "file"
            }

    def has(self, name: str) -> bool:
        """Raises StoreFailed."""
        with _failing():
            self._files.invalidate_cache()
            return bool(self._files.exists(self._place(name)))

    def _place(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _written(self, entry: Mapping[str, Any]) -> datetime:
        """Each kind of store has its own word for it."""
        time = next((entry[word] for word in ("LastModified", "mtime", "created") if word in entry), None)
        if isinstance(time, (int, float)):
            return datetime.fromtimestamp(time, UTC)
        found: datetime = time if isinstance(time, datetime) else self._files.modified(entry["name"])
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def _write(folder: Path, name: str, content: bytes) -> None:
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
        os.fsync(listing)  # the name, too
    finally:
        os.close(listing)


@contextlib.contextmanager
def _failing(but: tuple[type[Exception], ...] | type[Exception] = ()) -> Iterator[None]:
    try:
        yield
    except but:
        raise
    except Exception as error:  # every kind of store has errors of its own
        raise StoreFailed(f"the media store failed: {type(error).__name__}: {error}") from error
