"""Report of an import: JSON lines, one row per file, which an interrupted import continues."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from webapp.domain.errors import Unable

IMPORTED = "imported"
KNOWN = "known"
REFUSED = "refused"


class ImportRow(BaseModel):
    """Outcome of one file.

    `state`: imported; known (the same bytes were imported before); refused, for the reason `code`, whose
    sentence is `message`. `sha256` is None if the file could not be read. `outcome` and `verdict` are those
    of the analysis, `receipt` its receipt; they are set for imported files only.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    sha256: str | None
    state: str
    code: str | None = None
    message: str | None = None
    outcome: str | None = None
    verdict: str | None = None
    receipt: str | None = None


class ImportReport:
    """File of rows, opened for more. Only its owner may read it, because receipts give access to results.

    A file that has a row with the same bytes and an equal outcome gets no second row.
    """

    def __init__(self, path: Path) -> None:
        """Read the rows of an earlier run. A last row that was cut off is removed.

        Raises Unable (invalid_report) for a file that is no report, and OSError.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "a+b")
        try:
            self._rows = self._read(path)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, row: ImportRow) -> None:
        """Write a row, unless the file has an equal one. Raises OSError."""
        key = _key(row)
        if key in self._rows:
            return
        self._rows.add(key)
        self._file.write(row.model_dump_json().encode() + b"\n")
        # The row survives the end of this process.
        self._file.flush()

    def _read(self, path: Path) -> set[tuple[str, str | None, str]]:
        self._file.seek(0)
        content = self._file.read()
        complete = content[: content.rfind(b"\n") + 1]
        try:
            rows = [ImportRow.model_validate_json(line) for line in complete.splitlines()]
        except ValidationError as error:
            raise Unable("invalid_report", f"{path} exists and is no report of an import") from error
        self._file.truncate(len(complete))
        return {_key(row) for row in rows}


def _key(row: ImportRow) -> tuple[str, str | None, str]:
    """Return what distinguishes rows. A later run calls an imported file known."""
    return row.path, row.sha256, row.code or IMPORTED
