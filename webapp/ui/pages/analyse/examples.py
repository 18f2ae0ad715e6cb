"""Examples: one click shows a stored answer, without a turn in the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from webapp.domain.clock import now
from webapp.examples import answers
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.texts import Texts
from webapp.ui.pages.analyse import view
from webapp.ui.pages.analyse.layout import Layout
from webapp.ui.pages.analyse.session_state import AnalysedFile, Visit
from webapp.ui.pages.events import EVERY_TIME, QUIET
from webapp.ui.services import Services


def connect(
    layout: Layout,
    services: Services,
    texts: Texts,
    visit: gr.State,
    outputs: list[Any],
    next_visit: Callable[[Visit | None], Visit],
) -> None:
    """Connect the buttons of the examples. `next_visit` returns the visit that follows an earlier one."""
    for name, button in layout.inputs.examples.items():
        button.click(
            _show(name, layout, services, texts, visit, next_visit),
            visit,
            outputs,
            js="(visit) => (window.lens.job.select(), [visit])",
            queue=False,
            **QUIET,
            **EVERY_TIME,
        ).then(None, None, None, js="() => lensArrive()", **QUIET)


def _show(
    name: str,
    layout: Layout,
    services: Services,
    texts: Texts,
    visit: gr.State,
    next_visit: Callable[[Visit | None], Visit],
) -> Callable[[Visit | None, gr.Request], dict[Any, Any]]:
    """Return the handler that shows the stored answer to an example."""

    def show(earlier: Visit | None, request: gr.Request) -> dict[Any, Any]:
        current = next_visit(earlier)
        if earlier is not None:
            earlier.release()
            services.uploads.drop(*earlier.derived)
        current.files.append(example_file(name, services, texts))
        return {**view.selected_result(layout, current, services, texts, request), visit: current}

    return show


def example_file(name: str, services: Services, texts: Texts) -> AnalysedFile:
    """Return an example as an analysed file of a visit. Nothing of it is stored."""
    answer = answers.load(name)
    media = services.evidence.open_media(answer.path)
    for frame in answers.frames_of(name):
        media.add(frame)
    media.finish(answer.result, None)
    return AnalysedFile(
        upload="",
        path=answer.path,
        name=texts.example_captions[name],
        analysis=StoredAnalysis(answer.result, answer.media_sha256, now(), receipt=None),
        media=media,
        stabilities=answer.stabilities if answer.result.outcome == "verdict" else None,
        example=name,
        decision=answer.decision,
    )
