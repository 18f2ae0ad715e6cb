"""What happens when: from the button to the answer, and what follows the answer without holding it up."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import gradio as gr

from laanet_core.errors import Cancelled
from webapp.services.jobs import Progress
from webapp.ui.pages.analyse import actions, show
from webapp.ui.pages.analyse.layout import Layout, address
from webapp.ui.pages.analyse.visits import Shown, Visit
from webapp.ui.render import headline, trust
from webapp.ui.render.consistency import consistency_maps
from webapp.ui.services import Services
from webapp.ui.texts import Texts

logger = logging.getLogger(__name__)
QUEUE = "analysis"  # one queue for all ways to ask for an analysis
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# 128 random bits; crypto.randomUUID is missing where the page does not come by HTTPS or from this machine
_NEW_KEY = "Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')"


def connect(layout: Layout, services: Services, texts: Texts) -> None:
    """Tie the page's components to the services."""
    visit = gr.State(None)
    ready = _connect_analysis(layout, services, texts, visit)
    chosen = layout.answer.chooser.input(_choose(layout, services, texts), [visit, layout.answer.chooser], _outputs(layout, visit), **QUIET)
    for event in (ready, chosen):
        _follow_up(event, layout, services, texts, visit)
    layout.answer.consistency_panel.expand(_consistency(services, texts), visit, layout.answer.consistency, api_visibility="private")
    actions.connect(layout, services, texts, visit)


def _connect_analysis(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> Any:
    inputs, job = layout.inputs, gr.Textbox(visible=False)
    buttons, outputs = [inputs.start, inputs.stop], _outputs(layout, visit)

    def choose(event: gr.SelectData) -> list[str]:
        return [inputs.example_paths[int(event.index)]]

    def forget() -> dict[Any, Any]:
        return {**show.nothing(layout, texts.waiting), layout.answer.headline: headline.welcome(texts), visit: Visit()}

    inputs.examples.select(choose, None, inputs.files, **QUIET)
    inputs.camera.change(lambda path: [path] if path else None, inputs.camera, inputs.files, **QUIET)
    inputs.files.change(forget, None, outputs, queue=False, **QUIET)
    began = inputs.start.click(None, None, [job, *buttons], js=f"() => [{_NEW_KEY}, {_able(False)}, {_able(True)}]", **QUIET)
    done = began.then(
        _analyse(layout, services, texts, visit),
        [inputs.files, job, inputs.consent],
        outputs,
        api_visibility="private",
        concurrency_id=QUEUE,
        concurrency_limit=services.settings.at_once,
        show_progress_on=layout.answer.headline,
    )
    inputs.stop.click(services.analysis.jobs.stop, job, None, queue=False, **QUIET)
    done.then(None, None, buttons, js=f"() => [{_able(True)}, {_able(False)}]", **QUIET)
    return done


def _able(yes: bool) -> str:
    """JavaScript that makes a button answer or not, without asking the server: a round trip costs a tenth of a second."""
    return f"{{interactive: {str(yes).lower()}, __type__: 'update'}}"


def _outputs(layout: Layout, visit: gr.State) -> list[Any]:
    return [
        visit,
        *show.nothing(layout, ""),
        layout.next.link,
        layout.next.delete,
        layout.next.delete_sure,
        layout.next.subject,
        layout.next.region_panel,
    ]


def _analyse(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> Any:
    most = services.settings.max_files

    def analyse(
        paths: list[str] | None, job: str, consent: bool, request: gr.Request, progress: gr.Progress = gr.Progress()
    ) -> dict[Any, Any]:
        if not paths:
            return {**show.nothing(layout, texts.no_file), visit: Visit()}
        if len(paths) > most:
            return {**show.nothing(layout, texts.too_many_files.format(count=len(paths), most=most)), visit: Visit()}
        try:
            tell = [_teller(texts, number, len(paths), progress) for number in range(len(paths))]
            agreed = consent is True
            found = Visit([_one(services, path, job, agreed, told) for path, told in zip(paths, tell, strict=True)])
            return {**_shown(layout, services, texts, found, request), visit: found}
        except Cancelled:
            return {**show.nothing(layout, texts.stopped), visit: Visit()}
        except Exception:  # whatever it was: logged here, said to the visitor, and the buttons come back
            logger.exception("an analysis failed")
            return {**show.nothing(layout, texts.failed), visit: Visit()}

    return analyse


def _teller(texts: Texts, number: int, count: int, progress: Any) -> Progress:
    """Tells how far one of several files is."""
    place = f"{texts.place_of.format(number=number + 1, count=count)}: " if count > 1 else ""

    def tell(done: float, stage: str) -> None:
        progress((number + done) / count, desc=place + texts.stages.get(stage, stage))

    return tell


def _one(services: Services, path: str, job: str, consent: bool, tell: Progress) -> Shown:
    analysed = services.analysis.analyse(Path(path), consent=consent, job=job, progress=tell)
    return Shown(Path(path), Path(path).name, analysed)


def _shown(layout: Layout, services: Services, texts: Texts, found: Visit, request: gr.Request) -> dict[Any, Any]:
    assert found.shown is not None
    several = len(found.files) > 1
    chooser = gr.update(choices=show.chooser_choices(found.files, texts), value=found.number, visible=several)
    values = show.answered(layout, found.shown, services, texts, _receipt_address(request, texts))
    return {**values, layout.answer.chooser: chooser}


def _receipt_address(request: gr.Request, texts: Texts) -> str:
    """The receipt page's address as this visitor reaches it."""
    host = request.headers.get("host", "")
    scheme = request.headers.get("x-forwarded-proto", "http").split(",")[0].strip()
    return f"{scheme}://{host}{address(texts, 'receipt')}"


def _choose(layout: Layout, services: Services, texts: Texts) -> Any:
    def choose(found: Visit, number: int, request: gr.Request) -> dict[Any, Any]:
        found.number = int(number)
        return _shown(layout, services, texts, found, request)

    return choose


def _follow_up(event: Any, layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    """After an answer: does it hold, and, for a clip, the clip with its heatmap."""
    answer = layout.answer

    def hold(found: Visit | None) -> tuple[Any, Any]:
        shown = found.shown if found else None
        if shown is None or shown.analysed.result.outcome != "verdict":
            return gr.skip(), gr.skip()
        shown.stabilities = services.evidence.stabilities(shown.path, shown.analysed.result)
        result = shown.analysed.result
        strip = trust.stability_strip(services.evidence.checked_faces(result), shown.stabilities, texts)
        unstable = services.evidence.falls(result, shown.stabilities)
        return strip, headline.headline(result, texts, unstable=True) if unstable else gr.skip()

    def draw(found: Visit | None) -> Any:
        shown = found.shown if found else None
        if shown is None or shown.analysed.result.kind != "video" or shown.analysed.result.outcome != "verdict":
            return gr.skip()
        return gr.update(value=str(services.evidence.overlay_clip(shown.path, shown.analysed.result)), visible=True)

    held = event.then(hold, visit, [answer.stability, answer.headline], concurrency_id=QUEUE, **QUIET)
    held.then(draw, visit, answer.clip, concurrency_id=QUEUE, **QUIET)


def _consistency(services: Services, texts: Texts) -> Any:
    def consistency(found: Visit | None) -> Any:
        shown = found.shown if found else None
        if shown is None or shown.analysed.result.kind != "image":
            return gr.skip()
        return consistency_maps(services.evidence.consistency(shown.path, shown.analysed.result), texts)

    return consistency
