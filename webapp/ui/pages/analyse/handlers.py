"""Handlers of the analysis page: analysis, change of the files and choice of a file."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

import gradio as gr

from laanet_core.errors import Cancelled
from webapp.domain.errors import Refused
from webapp.security.tokens import is_receipt
from webapp.services.analysis.queue import Busy
from webapp.services.analysis.service import Client
from webapp.texts import Texts
from webapp.ui.pages.analyse import actions, evidence_handlers, examples, view
from webapp.ui.pages.analyse.browser_results import browser_results, thumbnail
from webapp.ui.pages.analyse.layout import Layout
from webapp.ui.pages.analyse.progress import ProgressText
from webapp.ui.pages.analyse.session_state import AnalysedFile, Visit, display_name
from webapp.ui.pages.events import ANALYSIS_QUEUE, EVERY_TIME, QUIET, enabled, places
from webapp.ui.render.sample import welcome
from webapp.ui.services import Services

logger = logging.getLogger(__name__)
# The files' names, and receipts that the browser makes and stores before the analysis begins.
_WITH_NAMES_AND_RECEIPTS = """(files, names, receipts, job, ...others) => [
    files,
    (files || []).map((file) => file.orig_name || ''),
    window.lens.results.offer(job, (files || []).length),
    job,
    ...others,
]"""
_CHANGE_FILES = "(...inputs) => (window.lens.job.changeFiles(), inputs)"
_SELECT = "(...inputs) => (window.lens.job.select(), inputs)"


def connect(layout: Layout, services: Services, texts: Texts) -> None:
    """Connect the page's components to the services."""
    visit = gr.State(None)
    _connect_analysis(layout, services, texts, visit)
    selected = layout.answer.chooser.input(
        _select(layout, services, texts),
        [visit, layout.answer.chooser],
        _outputs(layout, visit),
        js=_SELECT,
        **QUIET,
        **EVERY_TIME,
    )
    deleted = actions.connect(layout, services, texts, visit, _outputs(layout, visit))
    for event in (selected, deleted):
        evidence_handlers.connect_stability(event, layout, services, texts, visit)
    evidence_handlers.connect_on_request(layout, services, texts, visit)


def _connect_analysis(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    """Connect the inputs of an analysis."""
    inputs = layout.inputs
    job = gr.Textbox(visible=False)
    names = gr.JSON(visible=False)
    receipts = gr.JSON(visible=False)
    buttons = [inputs.start, inputs.stop]
    outputs = _outputs(layout, visit)

    examples.connect(layout, services, texts, visit, outputs, _next_visit)
    inputs.camera.change(lambda path: [path] if path else None, inputs.camera, inputs.files, **QUIET)
    inputs.files.change(
        _end_visit(layout, services, texts, visit),
        [inputs.files, visit],
        outputs,
        js=_CHANGE_FILES,
        queue=False,
        **QUIET,
        **EVERY_TIME,
    )
    started = inputs.start.click(
        None,
        None,
        [job, *buttons],
        js=f"() => [window.lens.job.begin(), {enabled(False)}, {enabled(True)}]",
        **QUIET,
    )
    analysed = started.then(
        _analyse(layout, services, texts, visit),
        [inputs.files, names, receipts, job, inputs.consent, visit],
        [*outputs, layout.answer.results],
        js=_WITH_NAMES_AND_RECEIPTS,
        api_visibility="private",
        concurrency_id=ANALYSIS_QUEUE,
        concurrency_limit=places(services.settings),
        show_progress_on=[layout.answer.headline, inputs.under_way],
    )
    inputs.stop.click(services.presence.stop, job, None, queue=False, **QUIET, **EVERY_TIME)
    # The check follows the result as a call of its own: only calls with one answer can be repeated.
    evidence_handlers.connect_stability(analysed, layout, services, texts, visit)
    analysed.then(
        None, None, buttons, js=f"() => (lensArrive(), [{enabled(True)}, {enabled(False)}])", **QUIET
    )


def _end_visit(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> Any:
    """Return the handler that removes the results from the page when the visitor changes the files."""

    def end_visit(paths: list[str] | None, earlier: Visit | None) -> dict[Any, Any]:
        uploads = paths or []
        if earlier is not None:
            is_deletion = earlier.removes_upload and uploads == [file.upload for file in earlier.files]
            if is_deletion:
                # The browser has removed a deleted file from the list; the other results stay.
                earlier.removes_upload = False
                return {layout.next.thanks: gr.skip()}
            earlier.release()
            unused = [path for upload, path in earlier.private_paths.items() if upload not in uploads]
            services.uploads.drop(*earlier.derived, *unused)
        return {
            **view.empty_page(layout, texts.no_result_yet),
            layout.answer.headline: welcome(texts.code),
            visit: _next_visit(earlier),
        }

    return end_visit


def _next_visit(earlier: Visit | None) -> Visit:
    """Return an empty visit that knows the uploads of the earlier one."""
    return Visit() if earlier is None else Visit(private_paths=earlier.existing_paths())


def _outputs(layout: Layout, visit: gr.State) -> list[Any]:
    """Return all components that a result changes."""
    return [
        visit,
        *view.empty_page(layout, ""),
        layout.next.link,
        layout.next.share,
        layout.next.delete,
        layout.next.confirmation.row,
        layout.next.subject,
        layout.next.region_panel,
    ]


def _analyse(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> Any:
    """Return the handler that analyses all files of the page.

    It gives every file's result to the browser in `layout.answer.results` too: the browser stores the
    receipts.
    """
    max_files = services.settings.max_files

    def analyse(
        paths: list[str] | None,
        names: Any,
        receipts: Any,
        job: str,
        consent: bool,
        earlier: Visit | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> dict[Any, Any]:
        current = _next_visit(earlier)
        if earlier is not None:
            earlier.release()
            services.uploads.drop(*earlier.derived)

        def without_result(text: str) -> dict[Any, Any]:
            return {
                **view.empty_page(layout, text),
                visit: current,
                layout.answer.results: browser_results(job, current.files),
            }

        if not paths:
            return without_result(texts.no_file)
        if len(paths) > max_files:
            return without_result(texts.too_many_files.format(count=len(paths), most=max_files))
        names = _list_for(paths, names)
        receipts = _list_for(paths, receipts)
        session = request.session_hash or job
        display = ProgressText(texts, len(paths), progress)
        with services.presence.awaiting(session, job) as attempt:
            try:
                for index, upload in enumerate(paths):
                    display.start_file(index)
                    path = current.private_paths.setdefault(upload, services.uploads.take(Path(upload)))
                    file = _analyse_file(
                        services,
                        upload=upload,
                        path=path,
                        name=display_name(names[index], upload),
                        consent=consent is True,
                        job=attempt.key,
                        progress=display,
                        client=Client(
                            attempt.is_present,
                            display.show_interim,
                            receipts[index] if is_receipt(receipts[index]) else None,
                        ),
                    )
                    current.files.append(file)
                services.presence.at_leave(session, current.release_pixels)
                shown = view.selected_result(layout, current, services, texts, request)
            except Cancelled:
                text = texts.stopped
            except Busy:
                text = texts.restarting
            except Exception:
                # The visitor gets a message, and the buttons work again.
                logger.exception("an analysis failed")
                text = texts.failed
            else:
                results = browser_results(job, current.files)
                return {**shown, visit: current, layout.answer.results: results}
            # Within the attempt: the next one may store a result under the same receipt.
            _delete_results(services, current)
        return without_result(text)

    return analyse


def _list_for(paths: list[str], values: Any) -> list[Any]:
    """Return the browser's values for the files, or None for each if it sent none or another number."""
    has_all = isinstance(values, list) and len(values) == len(paths)
    return values if has_all else [None] * len(paths)


def _analyse_file(
    services: Services,
    *,
    upload: str,
    path: Path,
    name: str,
    consent: bool,
    job: str,
    progress: ProgressText,
    client: Client,
) -> AnalysedFile:
    """Analyse one file of a visit. The pixels stay in memory unless the analysis fails."""
    media = services.evidence.open_media(path)
    with contextlib.ExitStack() as on_error:
        on_error.callback(media.release)
        analysis = services.analysis.analyse(
            path,
            consent=consent,
            job=job,
            progress=progress,
            media=media,
            client=client,
        )
        on_error.pop_all()
    services.uploads.attach(analysis.receipt, path)
    return AnalysedFile(
        upload=upload,
        path=path,
        name=name,
        analysis=analysis,
        media=media,
        thumbnail=thumbnail(media, analysis.result),
    )


def _delete_results(services: Services, visit: Visit) -> None:
    """Delete the results of a visit that was stopped or failed: the visitor has no receipts for them.

    The uploads stay for another try.
    """
    for file in visit.files:
        if file.analysis.receipt is not None:
            services.uploads.detach(file.analysis.receipt)
            # The service logs why it refuses.
            with contextlib.suppress(Refused):
                services.receipts.delete(file.analysis.receipt)
    visit.release()
    visit.files.clear()


def _select(layout: Layout, services: Services, texts: Texts) -> Any:
    """Return the handler that shows another file of the visit."""

    def select(visit: Visit | None, number: int, request: gr.Request) -> dict[Any, Any]:
        # The server has restarted since the analysis.
        if visit is None:
            raise gr.Error(texts.file_gone, print_exception=False)
        visit.number = int(number)
        return view.selected_result(layout, visit, services, texts, request)

    return select
