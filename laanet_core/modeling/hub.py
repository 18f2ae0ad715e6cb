"""Download of weights from the Hugging Face Hub: pinned, cached and limited in time."""

from __future__ import annotations

import re
import threading
from concurrent.futures import Future
from pathlib import Path

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from laanet_core.errors import InvalidWeights

# Files of a repository that are downloaded.
FILES = ("config.json", "model.safetensors")

# Seconds for a whole download; the client alone may hang for minutes.
TIME_LIMIT = 20.0

# Errors that a download may raise.
_DOWNLOAD_ERRORS = (HTTPError, OSError, ValueError, RuntimeError)
_NAME = re.compile(r"hf://(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[\w./-]+)")


def download(
    name: str, *, seconds: float = TIME_LIMIT, endpoint: str | None = None, cache: Path | None = None
) -> Path:
    """Return the local folder of `hf://owner/repo@revision`, downloaded if it is not cached.

    The download may take `seconds` in all. A slower one continues in the background, so that a later call may
    read its files from the cache. `endpoint` is the address of another Hub, `cache` the folder of another
    cache. Raises InvalidWeights, which says whether the name, the Hub, the repository,
    the revision or a file is at fault.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise InvalidWeights(f"{name} is not of the form hf://owner/repo@revision")
    try:
        return _fetch(match["repo"], match["revision"], endpoint, cache, local_files_only=True)
    except LocalEntryNotFoundError:
        return _fetch_within(match["repo"], match["revision"], endpoint, cache, seconds)
    except HFValidationError as error:
        raise InvalidWeights(f"{name} names no repository: {error}") from error


def discard(folder: Path) -> None:
    """Remove a revision's unusable files from the cache, so that the next `download` fetches them again."""
    for name in FILES:
        link = folder / name
        if link.is_symlink():
            link.resolve().unlink(missing_ok=True)
        link.unlink(missing_ok=True)


def _fetch(
    repo: str, revision: str, endpoint: str | None, cache: Path | None, *, local_files_only: bool
) -> Path:
    """Return the local folder of a revision. Raises huggingface_hub's errors and those of the network."""
    paths = [
        hf_hub_download(
            repo,
            file,
            revision=revision,
            endpoint=endpoint,
            cache_dir=cache,
            local_files_only=local_files_only,
        )
        for file in FILES
    ]
    return Path(paths[0]).parent


def _fetch_within(repo: str, revision: str, endpoint: str | None, cache: Path | None, seconds: float) -> Path:
    """Download a revision and return its folder. Raises InvalidWeights if that fails or takes longer."""
    folder: Future[Path] = Future()

    def fetch() -> None:
        try:
            folder.set_result(_fetch(repo, revision, endpoint, cache, local_files_only=False))
        except _DOWNLOAD_ERRORS as error:
            folder.set_exception(error)

    # A daemon thread, because Python waits for the threads of a pool at exit.
    threading.Thread(target=fetch, name="hub-download", daemon=True).start()
    try:
        return folder.result(timeout=seconds)
    except TimeoutError as error:
        raise InvalidWeights(f"the Hub did not deliver {repo} within {seconds:g} seconds") from error
    except _DOWNLOAD_ERRORS as error:
        raise InvalidWeights(_sentence(error, repo, revision)) from error


def _sentence(error: Exception, repo: str, revision: str) -> str:
    """Return the message about a download that failed."""
    if isinstance(error, RepositoryNotFoundError):
        return f"the Hub knows no repository {repo}, or it is private"
    if isinstance(error, RevisionNotFoundError):
        return f"{repo} has no revision {revision}"
    if isinstance(error, RemoteEntryNotFoundError):
        return f"{repo} at {revision} holds no LAA-Net weights ({' and '.join(FILES)})"
    status = _status(error)
    if status is not None:
        return f"the Hub answered {status} when it was asked for {repo}"
    return f"the Hub could not be reached for {repo}"


def _status(error: BaseException | None) -> int | None:
    """Return the status of the Hub's response that caused an error; None if there was no response."""
    while error is not None:
        if isinstance(error, HfHubHTTPError):
            return int(error.response.status_code)
        error = error.__cause__
    return None
