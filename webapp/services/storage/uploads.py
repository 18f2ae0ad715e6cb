"""Visitors' files while they are looked at: each in a folder of its own, out of everybody else's reach, and not for long."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from pathlib import Path

from webapp.security.tokens import receipt_hash

logger = logging.getLogger(__name__)
_REMEMBERED = 10_000  # receipts


class Uploads:
    """`cache` is the folder that files arrive in and made files are put in; what a visit works with lies below `folder(cache)`.

    The server must hand out nothing from that folder. Files outside of `cache` are nobody's upload and are left alone.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache.resolve()
        self._folder = folder(self._cache)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._held: dict[str, list[Path]] = {}  # by the hash of a receipt
        self._always = (self._folder, self._cache / "api")  # what comes over plain HTTP has its own folder

    def take(self, path: Path) -> Path:
        """Move an upload to where only this visit finds it, under a name that says nothing; a file that is not there stays so."""
        if not self._is_upload(path) or self._folder in path.resolve().parents or not path.is_file():
            return path
        target = Path(tempfile.mkdtemp(dir=self._folder)) / "upload"
        shutil.move(path, target)
        _remove_if_empty(path.parent)
        return target

    def drop(self, *paths: Path) -> None:
        """Delete uploads, and files made from them, with the folder of each; whatever else is named stays."""
        for path in paths:
            if self._is_upload(path):
                path.unlink(missing_ok=True)
                if path.resolve().parent not in (self._cache, self._folder):
                    _remove_if_empty(path.parent)

    def hold(self, receipt: str | None, *paths: Path) -> None:
        """Remember uploads and made files that show the file of a receipt, so that they go with it."""
        if receipt is not None:
            with self._lock:
                self._held.setdefault(receipt_hash(receipt), []).extend(paths)
                while len(self._held) > _REMEMBERED:
                    self._held.pop(next(iter(self._held)))  # long since swept

    def release(self, receipt: str) -> None:
        """Delete what is held for a receipt, which was deleted, and for no other. What cannot be deleted now is left to the sweep."""
        with self._lock:
            paths = self._held.pop(receipt_hash(receipt), [])
            others = {path for held in self._held.values() for path in held}
        for path in paths:
            try:
                if path not in others:
                    self.drop(path)
            except OSError:
                logger.exception("a file of a deleted result could not be removed")

    def sweep(self, seconds: float) -> None:
        """Delete every file that came or was made longer ago, and the folders of such: after crashes and aborted uploads too."""
        before = time.time() - seconds
        for path in [
            path for path in reversed(list(self._cache.rglob("*"))) if _changed(path) < before
        ]:  # what is inside comes first
            if not path.is_dir():
                path.unlink(missing_ok=True)
            elif path not in self._always:
                _remove_if_empty(path)

    def _is_upload(self, path: Path) -> bool:
        return self._cache in path.resolve().parents


def folder(cache: Path) -> Path:
    """Where visits keep their files; nobody may be given anything from it by its address."""
    return cache / "visits"


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_ctime
    except FileNotFoundError:  # somebody else was quicker
        return float("inf")


def _remove_if_empty(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:  # not empty, or gone
        return
