"""Evidence that follows a result on the analysis page: stability, overlay clip and consistency maps."""

from __future__ import annotations

import contextlib
from concurrent.futures import CancelledError, Future
from typing import Any

import gradio as gr

from laanet_core.errors import Cancelled, UnreadableMedia
from laanet_core.results import Stability
from webapp.domain.errors import Refused
from webapp.texts import Texts
from webapp.ui.pages.analyse import view
from webapp.ui.pages.analyse.layout import Layout
from webapp.ui.pages.analyse.session_state import AnalysedFile, Visit
from webapp.ui.pages.events import ANALYSIS_QUEUE, EVERY_TIME, EVIDENCE_QUEUE, QUIET, enabled, places
from webapp.ui.render import headline
from webapp.ui.render.consistency import consistency_maps
from webapp.ui.render.receipt_links import receipt_of
from webapp.ui.services import Services


def connect_stability(event: Any, layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    """Check the stability of another file's verdicts once it is shown."""
    answer = layout.answer
    event.then(
        _check_stability(layout, services, texts),
        [visit, layout.next.link],
        [
            answer.stability,
            answer.headline,
            answer.picture,
            answer.moments,
            answer.table,
            answer.chooser,
            answer.data,
            answer.results,
        ],
        concurrency_id=EVIDENCE_QUEUE,
        concurrency_limit=places(services.settings),
        **QUIET,
        **EVERY_TIME,
    )


def connect_on_request(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    """Connect the evidence that costs time and is made on request: overlay clip and consistency maps."""
    _connect_overlay(layout, services, texts, visit)
    layout.answer.consistency_panel.expand(
        _consistency(services, texts), visit, layout.answer.consistency, api_visibility="private"
    )


def _connect_overlay(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    """Draw the overlay of a clip on request only, because the server must decode the clip once more.

    The button is disabled meanwhile, and enabled again afterwards, also after a failure.
    """
    answer = layout.answer
    disabled = answer.make_clip.click(None, None, answer.make_clip, js=f"() => [{enabled(False)}]", **QUIET)
    drawn = disabled.then(
        _draw_overlay(layout, services, texts),
        visit,
        [answer.clip, answer.make_clip],
        api_visibility="private",
        concurrency_id=ANALYSIS_QUEUE,
        show_progress_on=answer.make_clip,
    )
    drawn.then(None, None, answer.make_clip, js=f"() => [{enabled(True)}]", **QUIET)


def _check_stability(layout: Layout, services: Services, texts: Texts) -> Any:
    """Return the handler that shows the stability of the selected file's verdicts."""
    unchanged = {layout.answer.stability: gr.skip()}

    def check_stability(visit: Visit | None, link: str) -> dict[Any, Any]:
        file = None if visit is None else visit.selected
        if visit is None or file is None or file.analysis.result.outcome != "verdict":
            return unchanged
        # If the page shows other files by now, it ignored this result, and its link names another one.
        is_shown = receipt_of(link) == (file.analysis.receipt or "")
        if file.stabilities is not None or not is_shown:
            return unchanged
        try:
            file.stabilities = _stability_check(services, file).result()
        except (Cancelled, CancelledError):
            # The visit has ended.
            return unchanged
        except UnreadableMedia as error:
            return {layout.answer.stability: headline.message(headline.error_text(error, texts))}
        _store_stability(services, file, file.stabilities)
        if not visit.shows(file):
            return unchanged
        return view.checked_result(layout, visit, services, texts)

    return check_stability


def _stability_check(services: Services, file: AnalysedFile) -> Future[list[Stability | None]]:
    """Return the running stability check of a file; start it if there is none."""
    if file.stability_check is None or _was_cancelled(file.stability_check):
        file.stability_check = services.evidence.start_stability_check(file.media, file.analysis.result)
    return file.stability_check


def _was_cancelled(check: Future[list[Stability | None]]) -> bool:
    return check.cancelled() or (check.done() and isinstance(check.exception(), Cancelled))


def _store_stability(services: Services, file: AnalysedFile, checks: list[Stability | None]) -> None:
    """Store the check under the receipt.

    If the service refuses, it logs the reason, and the page shows the check all the same.
    """
    if file.analysis.receipt is not None:
        with contextlib.suppress(Refused):
            services.receipts.remember_stability(file.analysis.receipt, file.analysis.result, checks)


def _draw_overlay(layout: Layout, services: Services, texts: Texts) -> Any:
    """Return the handler that draws boxes and heatmaps into the selected clip."""
    answer = layout.answer
    unchanged = {answer.clip: gr.skip()}

    def draw_overlay(visit: Visit | None) -> dict[Any, Any]:
        file = None if visit is None else visit.selected
        if visit is None or file is None:
            return unchanged
        if file.clip is None or not file.clip.exists():
            result = services.evidence.result_after_check(file.analysis.result, file.stabilities)
            try:
                file.clip = services.evidence.overlay_clip(file.path, result)
            except UnreadableMedia as error:
                raise gr.Error(headline.error_text(error, texts), print_exception=False) from error
            file.derived.append(file.clip)
            services.uploads.attach(file.analysis.receipt, file.clip)
            if visit.has_ended:
                # The visit's other derived files were deleted before this one existed.
                services.uploads.drop(file.clip)
        if not visit.shows(file):
            return unchanged
        return {
            answer.clip: gr.update(value=str(file.clip), visible=True),
            answer.make_clip: gr.update(visible=False),
        }

    return draw_overlay


def _consistency(services: Services, texts: Texts) -> Any:
    """Return the handler that shows the consistency maps of the selected photo."""

    def consistency(visit: Visit | None) -> Any:
        file = None if visit is None else visit.selected
        if file is None or file.analysis.result.kind != "image":
            return gr.skip()
        try:
            maps = services.evidence.consistency(file.media, file.analysis.result)
        except Cancelled:
            return gr.skip()
        except UnreadableMedia as error:
            return headline.message(headline.error_text(error, texts))
        return consistency_maps(maps, texts)

    return consistency
