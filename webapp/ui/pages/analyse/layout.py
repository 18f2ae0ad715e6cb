"""Where things stand on the visitor's page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from webapp.domain.enums import Tag, Vote
from webapp.texts import LANGUAGES, Texts, code_of
from webapp.ui.render import facts, marking
from webapp.ui.render.headline import stand_in, welcome
from webapp.ui.services import Services

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@dataclass(frozen=True)
class Inputs:
    """What the visitor gives."""

    files: gr.File
    camera: gr.Image
    examples: gr.Gallery
    example_paths: tuple[str, ...]
    consent: gr.Checkbox
    start: gr.Button
    stop: gr.Button
    under_way: gr.HTML  # progress, where the headline is far away: on phones


@dataclass(frozen=True)
class Answer:
    """What an analysis fills. `chooser` appears where several files were given."""

    chooser: gr.Radio
    headline: gr.HTML
    picture: gr.HTML
    table: gr.HTML
    timeline: gr.HTML
    clip: gr.Video
    stability: gr.HTML
    consistency_panel: gr.Accordion
    consistency: gr.HTML
    data_panel: gr.Accordion
    data: gr.JSON


@dataclass(frozen=True)
class Next:
    """What the visitor can do with an answer."""

    panel: gr.Column
    kept: gr.HTML
    link: gr.Textbox
    pdf: gr.Button
    json: gr.Button
    ready: gr.DownloadButton
    delete: gr.Button
    delete_sure: gr.Button
    deleted: gr.Markdown
    vote_panel: gr.Column
    subject: gr.Dropdown
    vote: gr.Radio
    tags: gr.CheckboxGroup
    note: gr.Textbox
    region_panel: gr.Accordion
    region: gr.Textbox
    send: gr.Button
    thanks: gr.Markdown


@dataclass(frozen=True)
class Layout:
    inputs: Inputs
    answer: Answer
    next: Next


def lay_out(services: Services, texts: Texts) -> Layout:
    """Make all components, in reading order."""
    header(texts)
    if services.weights.stand_in:
        info = services.analysis.detector.info
        gr.HTML(stand_in(info, texts), elem_id="stand-in", padding=False)
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=280):
            inputs = _inputs(services, texts)
        with gr.Column(scale=7, min_width=380, elem_id="result"):
            answer = _answer(texts)
            following = _next(texts)
            _background(services, texts)
    return Layout(inputs, answer, following)


def header(texts: Texts, *, receipt: bool = False) -> None:
    """Title, and links to the other page and the other languages."""
    here = "receipt" if receipt else ""
    links = [
        f"<a href='{address(texts, '' if receipt else 'receipt')}'>{texts.to_analyse if receipt else texts.to_receipt}</a>"
    ]
    links += [
        f"<a href='{address(other, here)}' lang='{code}' hreflang='{code}'>{other.language}</a>"
        for code, other in LANGUAGES.items()
        if other is not texts
    ]
    title = f"<h1>{texts.receipt_title if receipt else texts.title}</h1><p>{texts.receipt_help if receipt else texts.tagline}</p>"
    gr.HTML(
        f"<header class='lens-title'><div>{title}</div><nav>{''.join(links)}</nav></header>", padding=False
    )


def address(texts: Texts, page: str) -> str:
    """Where a page lies in a language: "/", "/receipt", "/zh", "/receipt-zh"."""
    code, first = code_of(texts), next(iter(LANGUAGES))
    if not page:
        return "/" if code == first else f"/{code}"
    return f"/{page}" if code == first else f"/{page}-{code}"


def _inputs(services: Services, texts: Texts) -> Inputs:
    settings = services.settings
    with gr.Tabs():
        with gr.Tab(texts.upload):
            files = gr.File(
                label=texts.upload,
                show_label=False,
                type="filepath",
                file_count="multiple",
                elem_id="file",
                height=190,
            )
        with gr.Tab(texts.camera):
            camera = gr.Image(
                label=texts.camera, show_label=False, sources=["webcam"], format="png", elem_id="camera"
            )
            gr.HTML(f"<p class='lens-help'>{texts.camera_help}</p>", padding=False)
    limits = texts.limits_before.format(files=settings.max_files, megabytes=settings.max_upload_mb)
    gr.HTML(f"<p class='lens-help'>{texts.paste_hint}</p><p class='lens-help'>{limits}</p>", padding=False)
    consent = gr.Checkbox(label=texts.consent, info=texts.consent_help, value=False, elem_id="consent")
    with gr.Row():
        start = gr.Button(texts.analyse, variant="primary", elem_id="analyse")
        stop = gr.Button(texts.stop, elem_id="stop", interactive=False)
    under_way = gr.HTML(elem_id="under-way", padding=False)
    gr.HTML(f"<p class='lens-help'>{texts.privacy_before}</p>", padding=False)
    gr.HTML(f"<h2 class='lens-also'>{texts.examples}</h2>", padding=False)
    found = [
        (str(EXAMPLES / name), caption)
        for name, caption in texts.example_captions.items()
        if (EXAMPLES / name).is_file()
    ]
    examples = gr.Gallery(
        [(_still(path), caption) for path, caption in found],
        label=texts.examples,
        show_label=False,
        columns=5,
        rows=1,
        height="auto",
        allow_preview=False,
        object_fit="cover",
        interactive=False,
        buttons=[],
        elem_id="examples",
    )
    return Inputs(files, camera, examples, tuple(path for path, _ in found), consent, start, stop, under_way)


def _still(path: str) -> str:
    """The picture that stands for an example: a clip's lies beside it."""
    return str(Path(path).with_suffix(".still.jpg")) if path.endswith(".mp4") else path


def _answer(texts: Texts) -> Answer:
    chooser = gr.Radio(label=texts.choose_file, visible=False, elem_id="chooser")
    headline = gr.HTML(welcome(texts), elem_id="headline", padding=False)
    picture = gr.HTML(elem_id="picture", padding=False)
    table = gr.HTML(elem_id="faces", padding=False)
    timeline = gr.HTML(elem_id="timeline", padding=False)
    clip = gr.Video(
        label=texts.overlay_clip, visible=False, interactive=False, elem_id="clip", buttons=["download"]
    )
    stability = gr.HTML(elem_id="stability", padding=False)
    with gr.Accordion(texts.consistency, open=False, visible=False, elem_id="consistency") as panel:
        consistency = gr.HTML(padding=False)
    with gr.Accordion(texts.json_title, open=False, visible=False) as data_panel:
        data = gr.JSON(show_label=False, elem_id="data")
    return Answer(
        chooser, headline, picture, table, timeline, clip, stability, panel, consistency, data_panel, data
    )


def _next(texts: Texts) -> Next:
    with gr.Column(visible=False, elem_id="next", elem_classes="lens-card") as panel:
        gr.HTML(f"<div class='lens-ask'><h3>{texts.next_title}</h3></div>", padding=False)
        kept = gr.HTML(elem_id="kept", padding=False)
        link = gr.Textbox(
            label=texts.link, info=texts.link_help, buttons=["copy"], interactive=False, elem_id="link"
        )
        with gr.Row(elem_classes="lens-buttons"):
            pdf = gr.Button(texts.report_pdf, elem_id="report-pdf")
            data = gr.Button(texts.report_json, elem_id="report-json")
            delete = gr.Button(texts.delete, elem_id="delete")
            sure = gr.Button(texts.delete_sure, variant="stop", visible=False, elem_id="delete-sure")
    ready = gr.DownloadButton(
        elem_id="report-file", elem_classes="lens-unseen"
    )  # holds the report that was made
    deleted = gr.Markdown(elem_id="deleted")
    with gr.Column(visible=False, elem_id="feedback", elem_classes="lens-card") as vote_panel:
        gr.HTML(
            f"<div class='lens-ask'><h3>{texts.feedback_title}</h3><p>{texts.feedback_help}</p></div>",
            padding=False,
        )
        vote = gr.Radio(
            [(texts.votes[v], v.value) for v in Vote],
            label=texts.feedback_title,
            show_label=False,
            elem_id="vote",
        )
        subject = gr.Dropdown([(texts.whole_file, 0)], value=0, label=texts.about, elem_id="subject")
        tags = gr.CheckboxGroup(
            [(texts.tag_names[tag], tag.value) for tag in Tag], label=texts.tags, elem_id="tags"
        )
        note = gr.Textbox(label=texts.note, placeholder=texts.note_hint, lines=2, elem_id="note")
        with gr.Accordion(texts.region, open=False) as region_panel:
            gr.HTML(marking.sheet(texts), padding=False, elem_id="region")
        region = gr.Textbox(visible=False)  # what is painted, when a vote is sent
        with gr.Row(elem_classes="lens-buttons"):
            send = gr.Button(texts.send, variant="primary", elem_id="send")
        thanks = gr.Markdown(elem_id="thanks")
    return Next(
        panel, kept, link, pdf, data, ready, delete, sure, deleted,
        vote_panel, subject, vote, tags, note, region_panel, region, send, thanks,
    )  # fmt: skip


def _background(services: Services, texts: Texts) -> None:
    """What stands below every answer: limits, the model, the way in for programs."""
    detector: Any = services.analysis.detector
    with gr.Accordion(texts.limits_title, open=False):
        gr.Markdown(texts.limits)
    with gr.Accordion(texts.model_title, open=False):
        gr.HTML(facts.model_facts(detector.info, detector.decision, detector.notice, texts))
    with gr.Accordion(texts.programs_title, open=False):
        gr.Markdown(texts.programs.format(address="/"))
