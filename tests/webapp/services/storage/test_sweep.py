"""Sweeps of files without rows, and reports of rows without files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

from tests.webapp.keepers import receipt_of
from tests.webapp.services.storage.conftest import Pixels, age, counts, files
from webapp.db.session import Sessions
from webapp.domain.errors import Refused
from webapp.media.store import MediaStore, StoreFailed
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.receipts import ReceiptService
from webapp.services.storage.kept_media import KeptMediaService

pytestmark = pytest.mark.both_databases


def test_the_sweep_takes_old_files_without_a_row_and_reports_rows_without_a_file(
    service: AnalysisService,
    keeping: KeptMediaService,
    sessions: Sessions,
    photo: Path,
    rgb: Pixels,
    tmp_path: Path,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    Image.fromarray(255 - rgb).save(tmp_path / "other.png")
    service.analyse(photo, consent=True)
    (kept,) = files(folder)
    receipt_of(service.analyse(tmp_path / "other.png", consent=True))
    (lost,) = set(files(folder)) - {kept}
    for name in ("a" * 32, "b" * 32 + ".part", "c" * 32):
        (folder / name).write_bytes(b"left by a crash")
    for path in folder.iterdir():
        if not path.name.startswith("c"):
            age(path)
    (folder / lost).unlink()
    swept = keeping.sweep()
    assert swept.removed == ("a" * 32, "b" * 32 + ".part")
    assert swept.missing == (lost,)
    assert f"kept media is missing from the store: {lost}" in caplog.text
    assert counts(sessions) == (2, 2)  # the row stays, so that the file can be restored
    assert files(folder) == sorted([kept, "c" * 32])


def test_unreferenced_media_is_removed_by_the_sweep(
    service: AnalysisService, keeping: KeptMediaService, sessions: Sessions, photo: Path, folder: Path
) -> None:
    service.analyse(photo, consent=True)
    with sessions.begin() as session:
        session.execute(text("DELETE FROM analysis"))  # by whatever way
    (name,) = files(folder)
    age(folder / name)
    assert keeping.sweep().removed == (name,)
    assert counts(sessions) == (0, 0)


def test_a_file_that_cannot_be_removed_is_said_and_goes_later(
    service: AnalysisService,
    receipts: ReceiptService,
    keeping: KeptMediaService,
    store: MediaStore,
    photo: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receipt = receipt_of(service.analyse(photo, consent=True))

    def stuck(_: str) -> None:
        raise StoreFailed("out of reach")

    with monkeypatch.context() as patched:
        patched.setattr(store, "remove", stuck)
        with pytest.raises(Refused) as refused:
            receipts.delete(receipt)
    assert refused.value.code == "file_left"
    (name,) = files(folder)
    with pytest.raises(Refused, match="no result"):
        receipts.result(receipt).to_json()
    age(folder / name)
    assert keeping.sweep().removed == (name,)


def test_the_grace_period_is_configurable(sessions: Sessions, store: MediaStore, folder: Path) -> None:
    name = store.write(b"no row yet")
    assert KeptMediaService(sessions, store, quota=1, grace=timedelta(hours=1)).sweep().removed == ()
    assert KeptMediaService(sessions, store, quota=1, grace=timedelta(seconds=-1)).sweep().removed == (name,)
    assert files(folder) == []
