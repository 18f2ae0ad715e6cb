"""Backups in a private data set repository of the Hugging Face Hub, for hosts whose disk does not outlive a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import TypeVar

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError, RepositoryNotFoundError

from webapp.domain.errors import Unable

logger = logging.getLogger(__name__)
Value = TypeVar("Value")
PATTERNS = ("lens-*.sqlite3", "lens-*.dump", "lens-*.dump.deleted")
SECONDS = 120.0  # for all that is asked at once
_ERRORS = (HfHubHTTPError, HTTPError, HFValidationError, OSError, ValueError, RuntimeError)


class BackupRepository:
    """The files of a folder of backups, kept the same there. Its history is thrown away, so that what was deleted from a backup is gone."""

    def __init__(self, name: str, *, endpoint: str | None = None, seconds: float = SECONDS) -> None:
        self.name = name
        self._api = HfApi(endpoint=endpoint)
        self._endpoint = endpoint
        self._seconds = seconds

    def pull(self, folder: Path) -> list[Path]:
        """Fetch what the folder lacks; returns what was fetched. Raises Unable with backups_unreachable or backups_public."""
        return self._within(lambda: self._pull(folder))

    def push(self, folder: Path, *, kept: int) -> None:
        """Send what is new or was changed, and let go what is beyond the newest `kept`. Raises Unable as `pull` does."""
        self._within(lambda: self._push(folder, kept))

    def _pull(self, folder: Path) -> list[Path]:
        try:
            there = self._listed()
        except RepositoryNotFoundError:  # it is made by the first push
            return []
        folder.mkdir(parents=True, exist_ok=True)
        lacking = [name for name in there if not (folder / name).exists()]
        for name in lacking:
            cached = hf_hub_download(self.name, name, repo_type="dataset", endpoint=self._endpoint)
            part = folder / f"{name}.part"
            part.write_bytes(Path(cached).read_bytes())
            part.replace(folder / name)
        return [folder / name for name in lacking]

    def _push(self, folder: Path, kept: int) -> None:
        try:
            there = self._listed()
        except RepositoryNotFoundError:
            self._api.create_repo(self.name, repo_type="dataset", private=True)
            there = []
        here = [path.name for pattern in PATTERNS for path in folder.glob(pattern)]
        old = sorted({name for name in (*there, *here) if not name.endswith(".deleted")})[:-kept]
        gone = [name for name in there if name.removesuffix(".deleted") in old]
        self._api.upload_folder(
            repo_id=self.name,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=list(PATTERNS),
            ignore_patterns=old,
            delete_patterns=gone or None,
            commit_message="Backup",
        )
        self._api.super_squash_history(self.name, repo_type="dataset")

    def _listed(self) -> list[str]:
        info = self._api.dataset_info(self.name)
        if not info.private:
            raise Unable(
                "backups_public", f"the data set {self.name} is public; backups go to a private one only"
            )
        names = [file.rfilename for file in info.siblings or []]
        return sorted(name for name in names if any(Path(name).match(pattern) for pattern in PATTERNS))

    def _within(self, work: Callable[[], Value]) -> Value:
        """The Hub's client alone may hang for minutes."""
        done: Future[Value] = Future()

        def do() -> None:
            try:
                done.set_result(work())
            except (Unable, *_ERRORS) as error:
                done.set_exception(error)

        Thread(target=do, name="backup-repository", daemon=True).start()
        try:
            return done.result(timeout=self._seconds)
        except TimeoutError as error:
            raise Unable(
                "backups_unreachable",
                f"the Hub did not answer for {self.name} within {self._seconds:g} seconds",
            ) from error
        except _ERRORS as error:
            raise Unable(
                "backups_unreachable",
                f"the Hub could not be reached for {self.name} ({type(error).__name__})",
            ) from error
