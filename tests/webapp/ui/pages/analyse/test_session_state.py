"""State of one page."""

from __future__ import annotations

from pathlib import Path

import pytest

from laanet_core.media.reader import IN_PROCESS
from laanet_core.results import AnalysisResult, ModelInfo
from webapp.domain.clock import now
from webapp.services.analysis.analysed_media import AnalysedMedia, PixelCache
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.ui.pages.analyse.session_state import MAX_NAME, AnalysedFile, Visit, display_name

RESULT = AnalysisResult("image", "no_face", None, None, (), ModelInfo("m", "1", "0" * 64), 0.1)


def file_of(upload: str, receipt: str | None = None) -> AnalysedFile:
    path = Path(upload)
    media = AnalysedMedia(path, IN_PROCESS, PixelCache())
    return AnalysedFile(upload, path, path.name, StoredAnalysis(RESULT, "0" * 64, now(), receipt), media)


def test_after_a_removal_the_next_file_or_the_last_is_selected() -> None:
    visit = Visit([file_of("a", "A"), file_of("b", "B"), file_of("c", "C")], number=1)
    removed = visit.remove("B")
    assert removed is not None
    assert removed.upload == "b"
    assert visit.selected is not None
    assert visit.selected.upload == "c"
    # A removal that is repeated removes no other file
    assert visit.remove("B") is None
    assert len(visit.files) == 2
    visit.remove("C")
    assert visit.selected is not None
    assert visit.selected.upload == "a"
    visit.remove("A")
    assert visit.selected is None
    assert visit.number == 0


def test_a_late_result_appears_only_while_its_file_is_shown() -> None:
    first, second = file_of("a"), file_of("b")
    visit = Visit([first, second])
    # the cache may free the pixels of a file that the page still shows
    first.media.release()
    assert visit.shows(first)
    assert not visit.shows(second)
    visit.number = 1
    assert not visit.shows(first)
    visit.release()
    assert not visit.shows(second)


def test_another_vote_has_another_key_and_the_same_vote_the_same() -> None:
    file = file_of("a")
    first = file.key_for("agree")
    file.last_vote_text = "agree"
    assert file.key_for("agree") == first
    assert file.key_for("disagree") != first


@pytest.mark.parametrize(
    ("client_name", "expected"),
    [
        ("mine.jpg", "mine.jpg"),
        ("", "upload"),
        (None, "upload"),
        ("x" * 999, "x" * MAX_NAME),
        ("\ud800", "?"),
    ],
)
def test_the_displayed_name_is_encodable_text(client_name: object, expected: str) -> None:
    assert display_name(client_name, "/visits/1/upload") == expected
