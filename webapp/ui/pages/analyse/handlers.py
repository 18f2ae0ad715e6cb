"""What happens when: from the button to the answer, and what follows the answer without holding it up."""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import gradio as gr

from laanet_core.errors import Cancelled, UnreadableMedia
from laanet_core.results import Stability
from webapp.domain.errors import Refused
from webapp.services.analysis.queue import Busy
from webapp.settings import Settings
from webapp.texts import Texts
from webapp.ui.pages.analyse import actions
from webapp.ui.pages.analyse import view as show
from webapp.ui.pages.analyse.layout import Layout
from webapp.ui.pages.analyse.progress import Telling
from webapp.ui.pages.analyse.session_state import Shown, Visit, name_of
from webapp.ui.render import headline
from webapp.ui.render.consistency import consistency_maps
from webapp.ui.services import Services

logger = logging.getLogger(__name__)
QUEUE = "analysis"  # one queue for all ways to ask for an analysis
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# 128 random bits; crypto.randomUUID is missing where the page does not come by HTTPS or from this machine
_WITH_NAMES = (
    "(files, names, ...others) => [files, (files || []).map((file) => file.orig_name || ''), ...others]"
)
_NEW_KEY = "Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')"


def places(settings: Settings) -> int:
    """How many of the queue get as far as the turns: more than there are, so that a picture can pass the clips that wait for one."""
    return 2 * settings.at_once


def connect(layout: Layout, services: Services, texts: Texts) -> None:
    """Tie the page's components to the services."""
    visit = gr.State(None)
    ready = _connect_analysis(layout, services, texts, visit)
    chosen = layout.answer.chooser.input(
        _choose(layout, services, texts), [visit, layout.answer.chooser], _outputs(layout, visit), **QUIET
    )
    deleted = actions.connect(layout, services, texts, visit, _outputs(layout, visit))
    for event in (ready, chosen, deleted):
        _follow_up(event, layout, services, texts, visit)
    layout.answer.consistency_panel.expand(
        _consistency(services, texts), visit, layout.answer.consistency, api_visibility="private"
    )


def _connect_analysis(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> Any:
    inputs, job, names = layout.inputs, gr.Textbox(visible=False), gr.JSON(visible=False)
    buttons, outputs = [inputs.start, inputs.stop], _outputs(layout, visit)

    def choose(event: gr.SelectData) -> list[str]:
        return [inputs.example_paths[int(event.index)]]

    def forget(paths: list[str] | None, found: Visit | None) -> dict[Any, Any]:
        if found is not None and found.deleted and (paths or []) == [shown.upload for shown in found.files]:
            found.deleted = False
            return {layout.next.thanks: gr.skip()}
        if found is not None:
            found.release()
            services.uploads.drop(
                *_made(found), *(path for upload, path in found.taken.items() if upload not in (paths or []))
            )
        return {
            **show.empty_page(layout, texts.no_result_yet),
            layout.answer.headline: headline.welcome(texts),
            visit: Visit(taken=_taken(found)),
        }

    inputs.examples.select(choose, None, inputs.files, **QUIET)
    inputs.camera.change(lambda path: [path] if path else None, inputs.camera, inputs.files, **QUIET)
    inputs.files.change(forget, [inputs.files, visit], outputs, queue=False, **QUIET)
    began = inputs.start.click(
        None,
        None,
        [job, *buttons],
        js=f"() => (lensBegin(), [{_NEW_KEY}, {_able(False)}, {_able(True)}])",
        **QUIET,
    )
    done = began.then(
        _analyse(layout, services, texts, visit),
        [inputs.files, names, job, inputs.consent, visit],
        outputs,
        js=_WITH_NAMES,
        api_visibility="private",
        concurrency_id=QUEUE,
        concurrency_limit=places(services.settings),
        show_progress_on=[layout.answer.headline, inputs.under_way],
    )
    inputs.stop.click(services.analysis.jobs.stop, job, None, queue=False, **QUIET)
    done.then(None, None, buttons, js=f"() => (lensArrive(), [{_able(True)}, {_able(False)}])", **QUIET)
    return done


def _taken(found: Visit | None) -> dict[str, Path]:
    return {} if found is None else {upload: path for upload, path in found.taken.items() if path.exists()}


def _made(found: Visit | None) -> list[Path]:
    """What was made of files whose answers are about to go: their reports and drawn clips."""
    return [] if found is None else [path for shown in found.files for path in shown.made]


def _able(yes: bool) -> str:
    """JavaScript that makes a button answer or not, without asking the server: a round trip costs a tenth of a second."""
    return f"{{interactive: {str(yes).lower()}, __type__: 'update'}}"


def _outputs(layout: Layout, visit: gr.State) -> list[Any]:
    return [
        visit,
        *show.empty_page(layout, ""),
        layout.next.link,
        layout.next.delete,
        layout.next.delete_sure,
        layout.next.subject,
        layout.next.region_panel,
    ]


def _analyse(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> Any:
    most = services.settings.max_files

    def analyse(
        paths: list[str] | None,
        names: Any,
        job: str,
        consent: bool,
        earlier: Visit | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> dict[Any, Any]:
        found = Visit(taken=_taken(earlier))
        if earlier is not None:
            earlier.release()
        services.uploads.drop(*_made(earlier))
        if not paths:
            return {**show.empty_page(layout, texts.no_file), visit: found}
        if len(paths) > most:
            return {
                **show.empty_page(layout, texts.too_many_files.format(count=len(paths), most=most)),
                visit: found,
            }
        named = names if isinstance(names, list) and len(names) == len(paths) else [""] * len(paths)
        tell = Telling(texts, len(paths), progress)
        try:
            with services.presence.awaiting(request.session_hash or job, job) as has_left:
                for number, (path, name) in enumerate(zip(paths, named, strict=True)):
                    tell.begin(number)
                    found.files.append(
                        _one(services, found, path, name, consent=consent is True, job=job, tell=tell)
                    )
                first = found.files[0]
                if first.analysed.result.outcome == "verdict":
                    # runs while the page draws the answer and asks for the check's result
                    _stability_check(services, first)
                shown = show.selected_result(layout, found, services, texts, request)
                if has_left():
                    raise Cancelled("The page was closed.")
            services.presence.at_leave(request.session_hash or "", found.release)
            return {**shown, visit: found}
        except Cancelled:
            words = texts.stopped
        except Busy:
            words = texts.restarting
        except Exception:  # whatever it was: logged here, said to the visitor, and the buttons come back
            logger.exception("an analysis failed")
            words = texts.failed
        _undo(services, found)
        return {**show.empty_page(layout, words), visit: found}

    return analyse


def _one(
    services: Services, found: Visit, upload: str, name: Any, *, consent: bool, job: str, tell: Telling
) -> Shown:
    path = found.taken.setdefault(upload, services.uploads.take(Path(upload)))
    media = services.evidence.open_media(path)
    try:
        analysed = services.analysis.analyse(
            path, consent=consent, job=job, progress=tell, early=tell.early, media=media
        )
    except BaseException:
        media.release()
        raise
    services.uploads.hold(analysed.receipt, path)
    return Shown(upload, path, name_of(name, upload), analysed, media)


def _undo(services: Services, found: Visit) -> None:
    """Nothing is kept of files that were answered before the visitor stopped the others, or went: their receipts would reach nobody."""
    for shown in found.files:
        try:
            if shown.analysed.receipt is not None:
                services.receipts.delete(shown.analysed.receipt)
        except Refused:  # logged by the service
            continue
    found.release()
    found.files.clear()


def _choose(layout: Layout, services: Services, texts: Texts) -> Any:
    def choose(found: Visit | None, number: int, request: gr.Request) -> dict[Any, Any]:
        if found is None:  # the server has been started anew meanwhile
            raise gr.Error(texts.file_gone, print_exception=False)
        found.number = int(number)
        return show.selected_result(layout, found, services, texts, request)

    return choose


def _follow_up(event: Any, layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    """After an answer: does it hold, and, for a clip, the clip with its heatmap."""
    answer = layout.answer

    def hold(found: Visit | None) -> dict[Any, Any]:
        shown = found.shown if found else None
        if (
            found is None
            or shown is None
            or shown.analysed.result.outcome != "verdict"
            or shown.stabilities is not None
        ):
            return {answer.stability: gr.skip()}
        try:
            shown.stabilities = _stability_check(services, shown).result()
        except UnreadableMedia as error:
            return {answer.stability: headline.message(headline.error_text(error, texts))}
        _remember(services, shown, shown.stabilities)
        return (
            show.checked_result(layout, found, services, texts)
            if found.shown is shown
            else {answer.stability: gr.skip()}
        )

    def draw(found: Visit | None) -> Any:
        shown = found.shown if found else None
        if (
            shown is None
            or shown.analysed.result.kind != "video"
            or shown.analysed.result.outcome != "verdict"
        ):
            return gr.skip()
        if shown.clip is None or not shown.clip.exists():
            try:
                shown.clip = services.evidence.overlay_clip(
                    shown.path, services.evidence.held(shown.analysed.result, shown.stabilities)
                )
            except UnreadableMedia:
                return gr.skip()
            shown.made.append(shown.clip)
            services.uploads.hold(shown.analysed.receipt, shown.clip)
        return gr.update(value=str(shown.clip), visible=True)

    changed = [answer.stability, answer.headline, answer.picture, answer.table, answer.chooser, answer.data]
    # not in the analyses' queue: the check runs already, and the handler waits for its result
    held = event.then(
        hold,
        visit,
        changed,
        concurrency_id="stability",
        concurrency_limit=places(services.settings),
        **QUIET,
    )
    held.then(draw, visit, answer.clip, concurrency_id=QUEUE, **QUIET)


def _stability_check(services: Services, shown: Shown) -> Future[list[Stability | None]]:
    """Return the running stability check of a file; start it if there is none."""
    if shown.stability_check is None or shown.stability_check.cancelled():
        shown.stability_check = services.evidence.start_stability_check(shown.media, shown.analysed.result)
    return shown.stability_check


def _remember(services: Services, shown: Shown, found: list[Stability | None]) -> None:
    """Under the receipt too. Where that fails the page has its answer all the same; the service has logged why."""
    if shown.analysed.receipt is not None:
        with contextlib.suppress(Refused):
            services.receipts.remember_stability(shown.analysed.receipt, shown.analysed.result, found)


def _consistency(services: Services, texts: Texts) -> Any:
    def consistency(found: Visit | None) -> Any:
        shown = found.shown if found else None
        if shown is None or shown.analysed.result.kind != "image":
            return gr.skip()
        try:
            return consistency_maps(services.evidence.consistency(shown.media, shown.analysed.result), texts)
        except UnreadableMedia as error:
            return headline.message(headline.error_text(error, texts))

    return consistency
