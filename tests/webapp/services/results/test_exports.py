"""Exports of stored results."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from laanet_core.media.images import read_image
from laanet_core.media.video import read_frames
from tests.webapp import private
from tests.webapp.keepers import keeper, receipt_of
from tests.webapp.painted_regions import mask, png
from webapp.db.session import Sessions
from webapp.domain.errors import Refused
from webapp.media.masks import read_mask
from webapp.media.store import MediaStore
from webapp.security.tokens import new_key
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.exports import ExportService
from webapp.services.results.feedback import FeedbackService, Submission
from webapp.services.results.receipts import ReceiptService
from webapp.services.storage.kept_media import KeptMediaService


@pytest.fixture
def service(sessions: Sessions, keeping: KeptMediaService) -> AnalysisService:
    return keeper(sessions, keeping)


@pytest.fixture
def exports(sessions: Sessions, receipts: ReceiptService, keeping: KeptMediaService) -> ExportService:
    return ExportService(sessions, receipts, keeping)


def unpacked(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.mark.parametrize(("form", "ending"), [("JPEG", "jpg"), ("WEBP", "webp"), ("TIFF", "png")])
def test_all_that_is_held_comes_back(
    service: AnalysisService,
    exports: ExportService,
    feedback: FeedbackService,
    receipts: ReceiptService,
    samples: Path,
    tmp_path: Path,
    form: str,
    ending: str,
) -> None:
    rgb = np.ascontiguousarray(read_image(samples / "astronaut.png")[:200, 100:350])
    path = tmp_path / "upload"
    path.write_bytes(private.picture(rgb, form, orientation=6 if form == "JPEG" else 1))
    receipt = receipt_of(service.analyse(path, consent=True))
    feedback.submit(Submission(receipt, 0, "agree", "fine ✓", new_key()))
    feedback.submit(Submission(receipt, 0, "disagree", "", new_key(), ("eyes",), png(mask())))
    archive = exports.export(receipt)
    held = unpacked(archive)
    assert set(held) == {"result.json", "feedback.json", "regions/2.png", f"media.{ending}"}
    assert json.loads(held["result.json"]) == receipts.result(receipt).to_json()
    assert [vote["note"] for vote in json.loads(held["feedback.json"])] == ["fine ✓", ""]
    assert read_mask(held["regions/2.png"]).width == read_mask(png(mask())).width
    assert np.array_equal(read_image(held[f"media.{ending}"]), read_image(path))  # upright, as it was judged
    assert not any(secret in archive for secret in private.SECRETS)


def test_clips_come_back_too(
    service: AnalysisService, exports: ExportService, samples: Path, tmp_path: Path
) -> None:
    rgb = np.ascontiguousarray(read_image(samples / "astronaut.png")[:160, 100:260])
    path = private.clip(tmp_path / "clip.mp4", [np.roll(rgb, 5 * n, axis=0) for n in range(6)])
    held = unpacked(exports.export(receipt_of(service.analyse(path, consent=True))))
    (tmp_path / "back").write_bytes(held["media.mp4"])
    pairs = list(zip(read_frames(path, 8), read_frames(tmp_path / "back", 8), strict=True))
    assert len(pairs) == 6
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in pairs)


def test_without_consent_there_is_no_file_in_it(
    service: AnalysisService, exports: ExportService, samples: Path
) -> None:
    receipt = receipt_of(service.analyse(samples / "astronaut.png"))
    assert set(unpacked(exports.export(receipt))) == {"result.json", "feedback.json"}


def test_a_lost_file_and_a_store_out_of_reach_are_said(
    service: AnalysisService,
    exports: ExportService,
    sessions: Sessions,
    receipts: ReceiptService,
    samples: Path,
    tmp_path: Path,
) -> None:
    receipt = receipt_of(service.analyse(samples / "astronaut.png", consent=True))
    folder = tmp_path / "deep" / "media"
    for path in folder.iterdir():
        path.unlink()
    assert "cannot find it" in unpacked(exports.export(receipt))["media-missing.txt"].decode()
    folder.rmdir()
    folder.symlink_to(folder)  # a place that cannot be read
    with pytest.raises(Refused) as refused:
        ExportService(
            sessions, receipts, KeptMediaService(sessions, MediaStore(str(folder)), quota=1)
        ).export(receipt)
    assert refused.value.code == "unavailable"
    with pytest.raises(Refused) as refused:
        exports.export("guess")
    assert refused.value.code == "unknown_receipt"
