"""The visitor's page: a file in, a verdict per face out, and a vote on it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from laanet_core.errors import Cancelled
from laanet_core.images import read_image
from laanet_core.moments import moments, worst_times
from webapp.domain import Refused, following_key, new_key
from webapp.services.analysis import Analysed, AnalysisService
from webapp.services.feedback import FeedbackService, Submission
from webapp.ui import render, texts

logger = logging.getLogger(__name__)
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
QUEUE = "analysis"  # one queue for all ways to ask for an analysis


@dataclass(frozen=True)
class Parts:
    """The components that an analysis fills."""

    headline: gr.HTML
    picture: gr.HTML
    table: gr.HTML
    timeline: gr.LinePlot
    data: gr.JSON
    data_panel: gr.Accordion
    feedback: gr.Group
    receipt: gr.Textbox
    subject: gr.Dropdown
    key: gr.Textbox
    thanks: gr.Markdown
    vote: gr.Radio
    note: gr.Textbox
    sent: gr.Textbox

    def all(self) -> list[Any]:
        return list(self.__dict__.values())


def build(analysis: AnalysisService, feedback: FeedbackService, *, megabytes: int, at_once: int) -> None:
    """Add the page to the Blocks under construction."""
    gr.HTML(f"<header class='lens-title'><h1>{texts.TITLE}</h1><p>{texts.TAGLINE}</p></header>", padding=False)
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=280):
            file = gr.File(label=texts.UPLOAD, type="filepath", elem_id="file", height=170)
            gr.HTML(f"<p class='lens-help'>{texts.UPLOAD_HELP.format(megabytes=megabytes)}</p>", padding=False)
            with gr.Row():
                start = gr.Button(texts.ANALYSE, variant="primary", elem_id="analyse")
                stop = gr.Button(texts.STOP, elem_id="stop", interactive=False)
            _examples(file)
        with gr.Column(scale=7, min_width=280, elem_id="result"):
            parts, send = _result_parts()
            with gr.Accordion(texts.LIMITS_TITLE, open=False):
                gr.Markdown(texts.LIMITS)
            with gr.Accordion(texts.MODEL_TITLE, open=False):
                gr.HTML(render.model_facts(analysis.detector.info, analysis.detector.decision, analysis.detector.notice))
    _connect(analysis, file, start, stop, parts, at_once)
    _connect_feedback(feedback, parts, send)


def _examples(file: gr.File) -> None:
    found = [(str(EXAMPLES / name), caption) for name, caption in texts.EXAMPLE_CAPTIONS.items() if (EXAMPLES / name).is_file()]
    gr.HTML(f"<p class='lens-help'>{texts.EXAMPLES}</p>", padding=False)
    gallery = gr.Gallery(
        found,
        label=texts.EXAMPLES,
        show_label=False,
        columns=3,
        rows=1,
        height="auto",
        allow_preview=False,
        object_fit="cover",
        interactive=False,
        buttons=[],
        elem_id="examples",
    )

    def choose(event: gr.SelectData) -> str:
        return found[int(event.index)][0]

    gallery.select(choose, None, file, api_visibility="private", show_progress="hidden")


def _result_parts() -> tuple[Parts, gr.Button]:
    headline = gr.HTML(render.message(texts.WAITING), elem_id="headline", padding=False)
    picture = gr.HTML(elem_id="picture", padding=False)
    table = gr.HTML(elem_id="faces", padding=False)
    timeline = gr.LinePlot(
        x="time",
        y="fake_prob",
        color="person",
        y_lim=[0, 1],
        x_title="Seconds",
        y_title="Fake probability",
        title=texts.TIMELINE,
        height=240,
        visible=False,
        elem_id="timeline",
        buttons=[],
    )
    with gr.Group(visible=False, elem_id="feedback") as feedback:
        gr.HTML(f"<div class='lens-ask'><h3>{texts.FEEDBACK_TITLE}</h3><p>{texts.FEEDBACK_HELP}</p></div>")
        subject = gr.Dropdown([(texts.WHOLE_FILE, 0)], value=0, label=texts.ABOUT, elem_id="subject")
        vote = gr.Radio(list(texts.VOTES), label=texts.FEEDBACK_TITLE, show_label=False, elem_id="vote")
        note = gr.Textbox(label=texts.NOTE, placeholder=texts.NOTE_HINT, lines=2, max_length=2000, elem_id="note")
        send = gr.Button(texts.SEND, elem_id="send")
        thanks = gr.Markdown(elem_id="thanks")
    with gr.Accordion(texts.JSON_TITLE, open=False, visible=False) as data_panel:
        data = gr.JSON(show_label=False, elem_id="data")
    receipt = gr.Textbox(visible=False)
    key = gr.Textbox(visible=False)
    sent = gr.Textbox(visible=False)
    return Parts(headline, picture, table, timeline, data, data_panel, feedback, receipt, subject, key, thanks, vote, note, sent), send


def _connect(analysis: AnalysisService, file: gr.File, start: gr.Button, stop: gr.Button, parts: Parts, at_once: int) -> None:
    job = gr.Textbox(visible=False)

    def begin() -> tuple[str, Any, Any]:
        return new_key(), gr.update(interactive=False), gr.update(interactive=True)

    def analyse(path: str | None, name: str, progress: gr.Progress = gr.Progress()) -> list[Any]:
        if not path:
            return _nothing(texts.NO_FILE)
        try:
            analysed = analysis.analyse(Path(path), job=name, progress=lambda done, phase: progress(done, desc=phase))
            return _filled(analysed, Path(path), analysis.frames)
        except Cancelled:
            return _nothing(texts.STOPPED)
        except Exception:  # whatever it was: logged here, said to the visitor, and the buttons come back
            logger.exception("an analysis failed")
            return _nothing(texts.FAILED)

    def end() -> tuple[Any, Any]:
        return gr.update(interactive=True), gr.update(interactive=False)

    began = start.click(begin, None, [job, start, stop], api_visibility="private", show_progress="hidden", queue=False)
    done = began.then(
        analyse,
        [file, job],
        parts.all(),
        api_visibility="private",
        concurrency_id=QUEUE,
        concurrency_limit=at_once,
        show_progress_on=parts.headline,
    )
    file.change(lambda: _nothing(texts.WAITING), None, parts.all(), api_visibility="private", show_progress="hidden", queue=False)
    done.then(end, None, [start, stop], api_visibility="private", show_progress="hidden", queue=False)
    stop.click(analysis.jobs.stop, job, None, api_visibility="private", show_progress="hidden", queue=False)


def _connect_feedback(feedback: FeedbackService, parts: Parts, send: gr.Button) -> None:
    def submit(receipt: str, subject: int, choice: str | None, words: str, key: str, sent: str) -> tuple[str, str, str]:
        if not choice:
            return texts.CHOOSE_VOTE, key, sent
        this = f"{subject} {choice} {words}"
        used = key if sent in ("", this) else following_key(key)  # another vote gets another key; the same one sent twice counts once
        try:
            new = feedback.submit(Submission(receipt, int(subject), choice, words or "", used))
        except Refused as refusal:
            return f"{refusal.message} (`{refusal.code}`)", key, sent
        return (texts.THANKS if new else texts.THANKS_AGAIN), used, this

    inputs = [parts.receipt, parts.subject, parts.vote, parts.note, parts.key, parts.sent]
    send.click(submit, inputs, [parts.thanks, parts.key, parts.sent], api_visibility="private", show_progress="hidden")


def _nothing(text: str) -> list[Any]:
    hidden = gr.update(visible=False)
    return [render.message(text), "", "", hidden, None, hidden, hidden, "", gr.update(), "", "", None, "", ""]


def _filled(analysed: Analysed, path: Path, frames: int) -> list[Any]:
    """Values for Parts.all(), in its order."""
    result = analysed.result
    headline = render.headline(result)
    if analysed.receipt is None:
        headline += render.message(texts.NOT_STORED)
    rows = render.timeline(result)
    subjects = [track.track + 1 for track in result.tracks] if result.kind == "video" else list(range(1, len(result.faces) + 1))
    word = "Person" if result.kind == "video" else "Face"
    return [
        headline,
        _pictures(analysed, path, frames),
        render.table(result),
        gr.update(value=pd.DataFrame(rows), visible=True) if rows else gr.update(visible=False),
        analysed.to_json(),
        gr.update(visible=True),
        gr.update(visible=result.outcome == "verdict" and analysed.receipt is not None),
        analysed.receipt or "",
        gr.update(choices=[(texts.WHOLE_FILE, 0), *((f"{word} {number}", number) for number in subjects)], value=0),
        new_key(),
        "",
        None,
        "",
        "",
    ]


def _pictures(analysed: Analysed, path: Path, frames: int) -> str:
    result = analysed.result
    if result.outcome == "rejected":
        return ""
    if result.kind == "image":
        return render.picture(read_image(path), result.faces)
    return render.moments(moments(path, result, worst_times(result), frames))
