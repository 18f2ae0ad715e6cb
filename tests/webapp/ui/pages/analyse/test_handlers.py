"""Handlers of the analysis page; the browser tests cover the order of events."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tests.webapp.ui.pages.analyse.conftest import TEXTS, AnalysisPage
from webapp.ui.pages.analyse.session_state import Visit
from webapp.ui.render.sample import welcome

# Handlers of events that follow each other faster than their answers arrive.
_REPEATED = ("end_visit", "select", "show", "stop", "check_stability")


def test_gradio_sends_every_press_although_an_earlier_answer_is_missing(page: AnalysisPage) -> None:
    for name in _REPEATED:
        events = page.events(name)
        assert events, name
        assert {event.trigger_mode for event in events} == {"multiple"}, name


def test_a_change_of_files_empties_the_page_except_after_a_deletion(page: AnalysisPage) -> None:
    end_visit = page.handler("end_visit")
    earlier = Visit()
    values: dict[Any, Any] = end_visit(["/uploads/b.jpg"], earlier)
    assert values[page.layout.answer.headline] == welcome(TEXTS.code)
    assert values[page.layout.answer.picture] == ""
    assert earlier.has_ended
    after_deletion = Visit(removes_upload=True)
    assert end_visit(None, after_deletion) == {page.layout.next.thanks: gr.skip()}
    assert not after_deletion.has_ended
    assert not after_deletion.removes_upload
