"""Files to import: of a folder, of a bucket, or of a list (CSV). Their places are paths or URLs of fsspec."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webapp.domain.errors import Unable

# Bytes that are copied at once.
_CHUNK = 1 << 20
# Ending of a list.
_LIST_ENDING = ".csv"


class UnimportableFile(Exception):
    """File that cannot be imported. `code` is stable; `message` is a sentence; `sha256` may be unknown."""

    def __init__(self, code: str, message: str, sha256: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.sha256 = sha256


@dataclass(frozen=True)
class ListedFile:
    """File to import.

    `path` names it in the report: relative to the folder, or as in the list. `address` is its path or URL.
    `source` and `rights` are what the list states, or else what is stated for all files; "" if neither does.
    """

    path: str
    address: str
    source: str
    rights: str


def list_files(address: str, source: str, rights: str) -> list[ListedFile]:
    """Return the files of a folder, of a bucket or of a list, in a fixed order.

    A list is a CSV file (UTF-8) with the column `path` and, optionally, `source` and `rights`. Its paths are
    relative to its folder. Folders are searched with all their subfolders, without hidden files. Raises
    Unable: no_source, invalid_list, source_unavailable.
    """
    if address.lower().endswith(_LIST_ENDING):
        return list(_files_of_list(address, source, rights))
    if "://" in address:
        found = list(_objects(address))
    else:
        found = [(_name(path.relative_to(address)), str(path)) for path in _files_below(Path(address))]
    return [ListedFile(path, place, source, rights) for path, place in sorted(found)]


def copy_file(address: str, target: Path, max_bytes: int) -> str:
    """Copy a file to `target` and return its sha256.

    Raises UnimportableFile (not_found, not_readable, too_large), and OSError if the copy cannot be written.
    """
    digest = hashlib.sha256()
    size = 0
    with target.open("wb") as copy, contextlib.closing(_chunks(address)) as chunks:
        for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise UnimportableFile("too_large", f"The file has more than {max_bytes} bytes.")
            digest.update(chunk)
            copy.write(chunk)
    return digest.hexdigest()


def _chunks(address: str) -> Generator[bytes, None, None]:
    """Yield the content of a file. Raises UnimportableFile."""
    try:
        with _opened(address) as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except FileNotFoundError as error:
        raise UnimportableFile("not_found", "There is no such file.") from error
    # Each kind of store has errors of its own.
    except Exception as error:
        raise UnimportableFile("not_readable", f"The file cannot be read: {_reason(error)}") from error


@contextlib.contextmanager
def _opened(address: str) -> Iterator[Any]:
    """Open a path or a URL for reading."""
    from fsspec.core import url_to_fs

    files, path = url_to_fs(address)
    with files.open(path, "rb") as file:
        yield file


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield regular files below a folder; links to folders are not followed. Raises Unable (no_source)."""
    if not folder.is_dir():
        raise Unable("no_source", f"there is no folder {folder}")
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            # A pipe would wait for its writer for ever.
            if not name.startswith(".") and path.is_file():
                yield path


def _name(path: Path) -> str:
    """Return a path as text, in which bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _objects(address: str) -> Iterator[tuple[str, str]]:
    """Yield the path below `address` and the URL of every object of a bucket or of one of its folders.

    Raises Unable: no_source, source_unavailable.
    """
    from fsspec.core import url_to_fs

    try:
        files, root = url_to_fs(address)
        names = [str(name) for name in files.find(root)]
    except FileNotFoundError:
        names = []
    # Each kind of store has errors of its own.
    except Exception as error:
        raise Unable("source_unavailable", f"{address} cannot be listed: {_reason(error)}") from error
    if not names:
        raise Unable("no_source", f"there are no files at {address}")
    for name in names:
        path = name.removeprefix(root).strip("/") or name.rpartition("/")[2]
        if not any(part.startswith(".") for part in path.split("/")):
            yield path, files.unstrip_protocol(name)


def _files_of_list(address: str, source: str, rights: str) -> Iterator[ListedFile]:
    """Yield the files of a list in its order. Raises Unable: no_source, invalid_list, source_unavailable."""
    folder = address.rpartition("/")[0]
    rows = csv.DictReader(_list_text(address), strict=True)
    try:
        if "path" not in (rows.fieldnames or ()):
            raise Unable("invalid_list", f"{address} has no column `path`")
        for row in rows:
            path = (row["path"] or "").strip()
            if path:
                yield ListedFile(
                    path,
                    path if "://" in path or Path(path).is_absolute() or not folder else f"{folder}/{path}",
                    source=(row.get("source") or "").strip() or source,
                    rights=(row.get("rights") or "").strip() or rights,
                )
    except csv.Error as error:
        raise Unable("invalid_list", f"{address}, line {rows.line_num}: {error}") from error


def _list_text(address: str) -> io.StringIO:
    """Return the text of a list. Raises Unable: no_source, invalid_list, source_unavailable."""
    try:
        with _opened(address) as file:
            content = bytes(file.read())
    except FileNotFoundError as error:
        raise Unable("no_source", f"there is no list {address}") from error
    # Each kind of store has errors of its own.
    except Exception as error:
        raise Unable("source_unavailable", f"{address} cannot be read: {_reason(error)}") from error
    try:
        # Spreadsheets begin a file with a byte order mark.
        return io.StringIO(content.decode("utf-8-sig"), newline="")
    except UnicodeDecodeError as error:
        raise Unable("invalid_list", f"{address} is not in UTF-8") from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
