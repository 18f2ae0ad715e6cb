"""Uploaded files of running visits: each in a private folder, deleted with the visit or by age."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from pathlib import Path

from webapp.security.tokens import receipt_hash, token_hash

logger = logging.getLogger(__name__)
# Receipts whose files are remembered. The sweep has deleted the files of older ones long ago.
_MAX_RECEIPTS = 10_000


class Uploads:
    """Uploads arrive in the folder `cache`, and files made from them are written there.

    Visits work on files below `visits_folder(cache)`, from which the server must not serve anything. Files
    outside of `cache` are no uploads and are never touched. Thread-safe.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache.resolve()
        self._folder = visits_folder(self._cache)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._files: dict[str, list[Path]] = {}
        # Uploads over plain HTTP have a folder of their own.
        self._permanent = (self._folder, self._cache / "api")

    def take(self, path: Path) -> Path:
        """Move an upload to a private folder under a neutral name and return its new path.

        The new path follows from the old one, so that a server that was restarted finds a file that was moved
        before. A path that is no upload or whose file does not exist is returned as it is.
        """
        if not self._is_upload(path) or self._folder in path.resolve().parents:
            return path
        target = self._folder / token_hash(str(path)) / "upload"
        if not path.is_file():
            return target if target.is_file() else path
        target.parent.mkdir(exist_ok=True)
        shutil.move(path, target)
        _remove_if_empty(path.parent)
        return target

    def drop(self, *paths: Path) -> None:
        """Delete uploads and files made from them, with their folders. Other paths are left alone."""
        for path in paths:
            if self._is_upload(path):
                path.unlink(missing_ok=True)
                if path.resolve().parent not in (self._cache, self._folder):
                    _remove_if_empty(path.parent)

    def attach(self, receipt: str | None, *paths: Path) -> None:
        """Delete these files when the receipt's result is deleted. Does nothing without a receipt."""
        if receipt is None:
            return
        with self._lock:
            self._files.setdefault(receipt_hash(receipt), []).extend(paths)
            while len(self._files) > _MAX_RECEIPTS:
                self._files.pop(next(iter(self._files)))

    def detach(self, receipt: str) -> None:
        """Leave these files alone when the receipt's result is deleted; the sweep deletes them."""
        with self._lock:
            self._files.pop(receipt_hash(receipt), None)

    def release(self, receipt: str) -> None:
        """Delete the files of a deleted result, except those that other receipts share.

        The sweep deletes what cannot be deleted now.
        """
        with self._lock:
            paths = self._files.pop(receipt_hash(receipt), [])
            shared = {path for files in self._files.values() for path in files}
        for path in paths:
            try:
                if path not in shared:
                    self.drop(path)
            except OSError:
                logger.exception("a file of a deleted result could not be removed")

    def sweep(self, seconds: float) -> None:
        """Delete all files older than `seconds` and their folders, such as those of aborted uploads."""
        before = time.time() - seconds
        # The contents of a folder come before it.
        entries = reversed(list(self._cache.rglob("*")))
        # Listed first, because the deletion of a file changes the time of its folder.
        old_entries = [path for path in entries if _changed_at(path) < before]
        for path in old_entries:
            if not path.is_dir():
                path.unlink(missing_ok=True)
            elif path not in self._permanent:
                _remove_if_empty(path)

    def _is_upload(self, path: Path) -> bool:
        return self._cache in path.resolve().parents


def visits_folder(cache: Path) -> Path:
    """Return the folder of the visits' files. The server must not serve anything from it."""
    return cache / "visits"


def _changed_at(path: Path) -> float:
    """Return the time of the last change, infinity if another thread has deleted the file."""
    try:
        return path.lstat().st_ctime
    except FileNotFoundError:
        return float("inf")


def _remove_if_empty(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:
        # The folder is not empty, or another thread has deleted it.
        return
