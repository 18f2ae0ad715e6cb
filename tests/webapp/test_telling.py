from __future__ import annotations

import pytest

from laanet_core.results import AnalysisResult, ModelInfo
from webapp.texts import LANGUAGES
from webapp.ui.page_presence import Presence
from webapp.ui.pages.analyse.progress import Telling
from webapp.ui.render.receipt_links import receipt_of

CLIP = AnalysisResult("video", "verdict", "fake", 0.87654, (), ModelInfo("laanet-lite", "1", "0" * 64), 0.2)


def test_a_visitor_is_told_the_place_in_line_and_what_is_known() -> None:
    told: list[tuple[float, str]] = []
    tell = Telling(LANGUAGES["en"], 2, lambda fraction, desc: told.append((fraction, desc)))
    tell.begin(0)
    tell(0.0, "waiting 3")
    tell(0.0, "waiting 0")
    tell.early(CLIP)
    tell(0.5, "judging")
    tell.begin(1)
    tell(0.0, "reading")
    assert told == [
        (0.0, "File 1 of 2: Waiting in the queue, 3 ahead of you"),
        (0.0, "File 1 of 2: Waiting in the queue"),
        (0.25, "File 1 of 2: Judging faces. So far: looks manipulated (0.8765)"),
        (0.5, "File 2 of 2: Reading the file"),
    ]


def test_a_page_that_is_left_stops_its_own_job_only() -> None:
    stopped: list[str] = []
    presence = Presence(stopped.append)
    with presence.awaiting("one", "job 1") as one, presence.awaiting("two", "job 2") as two:
        presence.leave("one")
        presence.leave("three")
        assert (one(), two()) == (True, False)
    presence.leave("two")  # it waits for nothing any more
    assert stopped == ["job 1"]
    with presence.awaiting("one", "job 3") as again:
        assert not again()


@pytest.mark.parametrize(
    "words",
    [
        "{}",
        " {}\n",
        "http://host/receipt#{}",
        "<http://host/receipt#{}>.",
        "\u2039{}\u203a",
        '"{}",',
        "«http://h/receipt-zh#{}»",
    ],
)
def test_a_receipt_is_found_in_what_people_paste(words: str) -> None:
    receipt = "aB3-_" * 8
    assert receipt_of(words.format(receipt)) == receipt
    assert receipt_of("") == ""
    assert receipt_of(" .") == ""
