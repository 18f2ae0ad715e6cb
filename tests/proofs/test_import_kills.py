"""Import of 500 files, 20 of them bad, that is killed several times, completed and repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.import_files import Installation, write_bad_files, write_photos

PHOTOS, BAD_FILES = 480, 20
KILLED_AFTER_ROWS = (30, 200, 420)

pytestmark = pytest.mark.proof


def test_every_file_is_imported_exactly_once(tmp_path: Path, samples: Path) -> None:
    write_photos(tmp_path / "photos", samples, PHOTOS)
    write_bad_files(tmp_path / "photos", samples, BAD_FILES)
    installation = Installation.create(tmp_path, Path("starter"))
    for rows in KILLED_AFTER_ROWS:
        installation.interrupt_after(installation.start_import(), rows)
    status, summary = installation.complete_import()
    assert (status, summary["refused"]) == (2, BAD_FILES)
    assert summary["imported"] + summary["known"] == PHOTOS
    installation.assert_complete(PHOTOS, BAD_FILES)
    assert installation.complete_import()[1]["known"] == PHOTOS
    installation.assert_complete(PHOTOS, BAD_FILES)
