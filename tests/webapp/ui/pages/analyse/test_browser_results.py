"""Results as the browser stores them."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from laanet_core.media.reader import IN_PROCESS
from tests.webapp.sample_results import FLIPPING, PHOTO, STORED_AT, without_faces
from webapp.services.analysis.analysed_media import AnalysedMedia, PixelCache
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.ui.pages.analyse.browser_results import browser_results, deleted_result, thumbnail
from webapp.ui.pages.analyse.session_state import AnalysedFile


def media_of(path: Path) -> AnalysedMedia:
    return AnalysedMedia(path, IN_PROCESS, PixelCache())


def test_stored_results_have_the_state_that_the_page_shows(samples: Path) -> None:
    files = [
        AnalysedFile(
            "a",
            Path("a"),
            "secret-name.jpg",
            StoredAnalysis(PHOTO, "0" * 64, STORED_AT, receipt),
            media_of(Path("a")),
            thumbnail="data:image/jpeg;base64,AA",
        )
        for receipt in ("R1", "R2", None)
    ]
    files[1].stabilities = [FLIPPING, None]
    value = browser_results("job", files)["lens_results"]
    assert (value["job"], value["deleted"]) == ("job", "")
    assert [(entry["receipt"], entry["state"]) for entry in value["results"]] == [
        ("R1", "fake"),
        ("R2", "unstable"),
    ]
    assert "secret-name" not in str(value)
    assert deleted_result("R1")["lens_results"]["deleted"] == "R1"


def test_thumbnail_is_a_small_jpeg(samples: Path) -> None:
    address = thumbnail(media_of(samples / "two_people.jpg"), without_faces(PHOTO))
    content = base64.b64decode(address.removeprefix("data:image/jpeg;base64,"))
    with Image.open(io.BytesIO(content)) as picture:
        assert max(picture.size) == 96
    assert len(content) < 8000


@pytest.mark.parametrize("outcome", ["rejected", "no_face"])
def test_a_file_that_cannot_be_read_has_no_thumbnail(tmp_path: Path, outcome: str) -> None:
    (tmp_path / "words.jpg").write_text("no picture")
    result = without_faces(PHOTO, outcome)  # type: ignore[arg-type]
    assert thumbnail(media_of(tmp_path / "words.jpg"), result) == ""
