"""File of the keys that sign reports, which all processes of an installation share."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.domain.clock import now
from webapp.security.signing_keys import SigningKeys, new_keys, parse_signing_keys

logger = logging.getLogger(__name__)
# Owner only: the file has the private key.
_MODE = 0o600


class KeyFile:
    """Key set in a file that only its owner can read. It is replaced atomically and flushed to disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> SigningKeys:
        """Return the keys. Raises InvalidKeys and OSError."""
        return parse_signing_keys(self._path.read_text(encoding="utf-8", errors="replace"))

    def load_or_create(self) -> SigningKeys:
        """Return the keys; make them if there is no file. Of several processes one makes them.

        Raises InvalidKeys for a damaged file, which is never replaced, and OSError.
        """
        with self._locked():
            if not self._path.exists():
                self._write(new_keys(now()))
                logger.info("a key for signing reports was made: %s", self._path)
        if self._path.stat().st_mode & 0o077:
            logger.warning("other users of this machine can read %s; run: chmod 600", self._path)
        return self.load()

    def rotate(self, *, revoke: bool = False) -> SigningKeys:
        """Replace the key that signs; see `SigningKeys.rotated`. Raises InvalidKeys and OSError."""
        return self.change(lambda keys: keys.rotated(now(), revoke=revoke))

    def change(self, change: Callable[[SigningKeys], SigningKeys]) -> SigningKeys:
        """Replace the keys by changed ones while no other process does. Raises InvalidKeys and OSError."""
        with self._locked():
            keys = change(self.load())
            self._write(keys)
        return keys

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Exclude all other threads and processes."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{self._path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, keys: SigningKeys) -> None:
        partial = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}.part")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(keys.to_json())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        finally:
            partial.unlink(missing_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class KeySource:
    """Current keys of the host: those of the setting LENS_REPORT_KEYS, or those of the key file.

    The file is read for every use, so that a rotation by another process counts at once.
    """

    def __init__(self, file: KeyFile, setting: str = "") -> None:
        """`setting`: a key set as text; "" if the file has the keys. Raises InvalidKeys."""
        self._file = file
        self._fixed = parse_signing_keys(setting) if setting else None

    def open(self) -> None:
        """Make the keys at the first start. Raises InvalidKeys and OSError."""
        if self._fixed is None:
            self._file.load_or_create()

    def __call__(self) -> SigningKeys:
        """Return the keys. Raises InvalidKeys and OSError."""
        return self._fixed or self._file.load()
