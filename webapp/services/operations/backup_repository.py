"""Backups in a private dataset repository of the Hub, for hosts whose disk does not survive a restart."""

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
# Names of backups and of the lists of deletions beside them.
PATTERNS = ("lens-*.sqlite3", "lens-*.dump", "lens-*.dump.deleted")
# Seconds that a whole pull or push may take.
TIME_LIMIT = 120.0
_ERRORS = (HfHubHTTPError, HTTPError, HFValidationError, OSError, ValueError, RuntimeError)


class BackupRepository:
    """Copy of a folder of backups in the repository `name` of the Hub.

    Every push squashes the repository's history, so that data deleted from a backup is gone from the
    repository too. A pull or a push may take `seconds`.
    """

    def __init__(self, name: str, *, endpoint: str | None = None, seconds: float = TIME_LIMIT) -> None:
        self.name = name
        self._api = HfApi(endpoint=endpoint)
        self._endpoint = endpoint
        self._seconds = seconds

    def pull(self, folder: Path) -> list[Path]:
        """Download the files that are missing in `folder` and return their paths.

        Raises Unable with backups_unreachable or backups_public.
        """
        return self._within_time_limit(lambda: self._pull(folder))

    def push(self, folder: Path, *, kept: int) -> None:
        """Upload new and changed files. Delete all but the newest `kept` backups from the repository.

        Raises Unable as `pull` does.
        """
        self._within_time_limit(lambda: self._push(folder, kept))

    def _pull(self, folder: Path) -> list[Path]:
        try:
            remote = self._remote_names()
        # The first push creates the repository.
        except RepositoryNotFoundError:
            return []
        folder.mkdir(parents=True, exist_ok=True)
        missing = [name for name in remote if not (folder / name).exists()]
        for name in missing:
            cached = hf_hub_download(self.name, name, repo_type="dataset", endpoint=self._endpoint)
            part = folder / f"{name}.part"
            part.write_bytes(Path(cached).read_bytes())
            part.replace(folder / name)
        return [folder / name for name in missing]

    def _push(self, folder: Path, kept: int) -> None:
        try:
            remote = self._remote_names()
        except RepositoryNotFoundError:
            self._api.create_repo(self.name, repo_type="dataset", private=True)
            remote = []
        local = [path.name for pattern in PATTERNS for path in folder.glob(pattern)]
        backups = {name for name in (*remote, *local) if not name.endswith(".deleted")}
        expired = sorted(backups)[:-kept]
        to_delete = [name for name in remote if name.removesuffix(".deleted") in expired]
        self._api.upload_folder(
            repo_id=self.name,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=list(PATTERNS),
            ignore_patterns=expired,
            delete_patterns=to_delete or None,
            commit_message="Backup",
        )
        self._api.super_squash_history(self.name, repo_type="dataset")

    def _remote_names(self) -> list[str]:
        """Return the sorted names of the files in the repository. Raises Unable with backups_public."""
        info = self._api.dataset_info(self.name)
        if not info.private:
            raise Unable(
                "backups_public", f"the data set {self.name} is public; backups go to a private one only"
            )
        names = [file.rfilename for file in info.siblings or []]
        return sorted(name for name in names if any(Path(name).match(pattern) for pattern in PATTERNS))

    def _within_time_limit(self, work: Callable[[], Value]) -> Value:
        """Run `work` in a thread and return its result. The Hub's client may hang for minutes.

        Raises Unable with backups_unreachable, and what `work` raises.
        """
        outcome: Future[Value] = Future()

        def run() -> None:
            try:
                outcome.set_result(work())
            except (Unable, *_ERRORS) as error:
                outcome.set_exception(error)

        Thread(target=run, name="backup-repository", daemon=True).start()
        try:
            return outcome.result(timeout=self._seconds)
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
