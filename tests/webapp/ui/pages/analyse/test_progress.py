"""Progress text of a visit."""

from __future__ import annotations

from laanet_core.results import AnalysisResult, ModelInfo
from webapp.services.analysis.progress import VisitProgress
from webapp.texts import LANGUAGES
from webapp.ui.pages.analyse.progress import ProgressText

CLIP = AnalysisResult("video", "verdict", "fake", 0.87654, (), ModelInfo("laanet-lite", "1", "0" * 64), 0.2)


def test_the_text_has_queue_position_phase_and_interim_verdict() -> None:
    lines: list[tuple[float, str]] = []
    text = ProgressText(LANGUAGES["en"], 2, lambda fraction, desc: lines.append((fraction, desc)))
    text.start_file(0)
    text(VisitProgress(0.0, "waiting", ahead=3))
    text(VisitProgress(0.0, "waiting"))
    text.show_interim(CLIP)
    text(VisitProgress(0.5, "judging"))
    text.start_file(1)
    text(VisitProgress(0.0, "reading"))
    assert lines == [
        (0.0, "File 1 of 2: Waiting in the queue, 3 ahead of you"),
        (0.0, "File 1 of 2: Waiting in the queue"),
        (0.25, "File 1 of 2: Judging faces. So far: looks manipulated (88%)"),
        (0.5, "File 2 of 2: Reading the file"),
    ]
