"""Report of an import that is interrupted and continued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from webapp.domain.errors import Unable
from webapp.services.imports.report import IMPORTED, KNOWN, REFUSED, ImportReport, ImportRow

PHOTO = ImportRow(path="a.jpg", sha256="a" * 64, state=IMPORTED, outcome="verdict", receipt="r")
BAD = ImportRow(path="b.jpg", sha256="b" * 64, state=REFUSED, code="damaged", message="It is damaged.")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path: Path, *added: ImportRow) -> None:
    with ImportReport(path) as report:
        for row in added:
            report.add(row)


def test_a_continued_report_has_one_row_per_file(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    write(path, PHOTO, BAD)
    write(path, PHOTO.model_copy(update={"state": KNOWN, "receipt": None}), BAD)
    assert rows(path) == [PHOTO.model_dump(), BAD.model_dump()]
    assert path.stat().st_mode & 0o777 == 0o600


def test_other_bytes_or_another_outcome_are_a_new_row(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    mended = BAD.model_copy(update={"sha256": "c" * 64, "state": IMPORTED, "code": None})
    full = BAD.model_copy(update={"code": "not_kept"})
    write(path, BAD)
    write(path, mended, full)
    assert rows(path) == [row.model_dump() for row in (BAD, mended, full)]


def test_a_row_that_was_cut_off_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    write(path, PHOTO, BAD)
    path.write_bytes(path.read_bytes()[:-20])
    write(path, BAD)
    assert rows(path) == [PHOTO.model_dump(), BAD.model_dump()]


def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\n\xff")
    with pytest.raises(Unable) as refusal:
        ImportReport(path)
    assert refusal.value.code == "invalid_report"
    assert path.read_bytes() == b"\xff\xd8\n\xff"
