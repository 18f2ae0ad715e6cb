"""Handlers of the evidence that follows a result; the browser tests cover the events."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from laanet_core.media.reader import IN_PROCESS
from tests.webapp.sample_results import STORED_AT, VIDEO
from tests.webapp.ui.pages.analyse.conftest import AnalysisPage
from webapp.services.analysis.analysed_media import AnalysedMedia, PixelCache
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.ui.pages.analyse.session_state import AnalysedFile, Visit


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    """Return a visit with a clip whose overlay is drawn already."""
    clip = tmp_path / "overlay.mp4"
    clip.write_bytes(b"overlay")
    media = AnalysedMedia(Path("a.mp4"), IN_PROCESS, PixelCache())
    analysed = StoredAnalysis(VIDEO, "0" * 64, STORED_AT, receipt=None)
    return Visit([AnalysedFile("a.mp4", Path("a.mp4"), "a.mp4", analysed, media, clip=clip)])


def test_an_overlay_is_shown_until_its_visit_has_ended(page: AnalysisPage, visit: Visit) -> None:
    answer = page.layout.answer
    draw_overlay = page.handler("draw_overlay")
    values = draw_overlay(visit)
    assert values[answer.clip]["value"] == str(visit.files[0].clip)
    assert values[answer.make_clip]["visible"] is False
    visit.release()
    assert draw_overlay(visit) == {answer.clip: gr.skip()}
    # The link is that of another result by now.
    link = "http://lens.example/receipt#other"
    assert page.handler("check_stability")(visit, link) == {answer.stability: gr.skip()}
    # The server has restarted since the analysis.
    assert draw_overlay(None) == {answer.clip: gr.skip()}
    assert page.handler("consistency")(None) == gr.skip()
