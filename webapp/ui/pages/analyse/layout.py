"""Components of the analysis page, in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from webapp.domain.enums import Tag, Vote
from webapp.texts import LANGUAGES, Texts
from webapp.ui.render.facts import model_facts
from webapp.ui.render.headline import fallback_notice, welcome
from webapp.ui.render.region import region_canvas
from webapp.ui.services import Services
from webapp.ui.templating import render

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@dataclass(frozen=True)
class Inputs:
    """Upload, camera, examples, consent and the buttons that start and stop an analysis.

    `under_way` shows the progress on phones, where the headline is out of sight.
    """

    files: gr.File
    camera: gr.Image
    examples: gr.Gallery
    example_paths: tuple[str, ...]
    consent: gr.Checkbox
    start: gr.Button
    stop: gr.Button
    under_way: gr.HTML


@dataclass(frozen=True)
class ResultComponents:
    """Components that an analysis fills. `chooser` appears if the visitor uploaded several files."""

    chooser: gr.Radio
    headline: gr.HTML
    picture: gr.HTML
    table: gr.HTML
    timeline: gr.HTML
    make_clip: gr.Button
    clip: gr.Video
    stability: gr.HTML
    consistency_panel: gr.Accordion
    consistency: gr.HTML
    data_panel: gr.Accordion
    data: gr.JSON


@dataclass(frozen=True)
class ActionComponents:
    """Components for everything that a visitor can do with a result.

    `file_status` says whether the file was kept. `ready` is a hidden download button that has the report.
    `region` has the painted region as text.
    """

    panel: gr.Column
    file_status: gr.HTML
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
    """All components of the page."""

    inputs: Inputs
    answer: ResultComponents
    next: ActionComponents


def build_layout(services: Services, texts: Texts) -> Layout:
    """Create all components in reading order."""
    header(texts)
    if services.weights.is_fallback:
        info = services.analysis.detector.info
        gr.HTML(fallback_notice(info, texts), elem_id="fallback-weights", padding=False)
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=280):
            inputs = _inputs(services, texts)
        with gr.Column(scale=7, min_width=380, elem_id="result"):
            answer = _result(texts)
            following = _actions(texts)
            _background(services, texts)
    return Layout(inputs, answer, following)


@dataclass(frozen=True)
class HeaderLink:
    """Link in the header. `code` is the language of the linked page, or "" if it is the present one."""

    address: str
    name: str
    code: str = ""


def header(texts: Texts, *, receipt: bool = False) -> None:
    """Create the title and the links to the other page and the other languages."""
    if receipt:
        page = "receipt"
        title = texts.receipt_title
        tagline = texts.receipt_help
        links = [HeaderLink(address(texts, ""), texts.to_analyse)]
    else:
        page = ""
        title = texts.title
        tagline = texts.tagline
        links = [HeaderLink(address(texts, "receipt"), texts.to_receipt)]
    for code, other in LANGUAGES.items():
        if other is not texts:
            links.append(HeaderLink(address(other, page), other.language, code))
    gr.HTML(render("header.jinja", title=title, tagline=tagline, links=links), padding=False)


def address(texts: Texts, page: str) -> str:
    """Return the path of a page in a language: "/", "/receipt", "/zh" or "/receipt-zh"."""
    code = texts.code
    is_first = code == next(iter(LANGUAGES))
    if not page:
        return "/" if is_first else f"/{code}"
    return f"/{page}" if is_first else f"/{page}-{code}"


def _help(*sentences: str) -> None:
    gr.HTML(render("help.jinja", sentences=sentences), padding=False)


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
            _help(texts.camera_help)
    limits = texts.upload_limits.format(files=settings.max_files, megabytes=settings.max_upload_mb)
    _help(texts.paste_hint, limits)
    consent = gr.Checkbox(label=texts.consent, info=texts.consent_help, value=False, elem_id="consent")
    with gr.Row():
        start = gr.Button(texts.analyse, variant="primary", elem_id="analyse")
        stop = gr.Button(texts.stop, elem_id="stop", interactive=False)
    under_way = gr.HTML(elem_id="under-way", padding=False)
    _help(texts.privacy)
    gr.HTML(render("examples_title.jinja", title=texts.examples), padding=False)
    example_paths = []
    thumbnails = []
    for name, caption in texts.example_captions.items():
        path = EXAMPLES / name
        if path.is_file():
            example_paths.append(str(path))
            thumbnails.append((_thumbnail(str(path)), caption))
    examples = gr.Gallery(
        thumbnails,
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
    return Inputs(
        files=files,
        camera=camera,
        examples=examples,
        example_paths=tuple(example_paths),
        consent=consent,
        start=start,
        stop=stop,
        under_way=under_way,
    )


def _thumbnail(path: str) -> str:
    """Return the image that represents an example: the photo itself, or the still beside a video."""
    if path.endswith(".mp4"):
        return str(Path(path).with_suffix(".still.jpg"))
    return path


def _result(texts: Texts) -> ResultComponents:
    chooser = gr.Radio(label=texts.choose_file, visible=False, elem_id="chooser")
    headline = gr.HTML(welcome(texts), elem_id="headline", padding=False)
    picture = gr.HTML(elem_id="picture", padding=False)
    table = gr.HTML(elem_id="faces", padding=False)
    timeline = gr.HTML(elem_id="timeline", padding=False)
    make_clip = gr.Button(texts.make_overlay_clip, size="sm", visible=False, elem_id="make-clip")
    clip = gr.Video(
        label=texts.overlay_clip, visible=False, interactive=False, elem_id="clip", buttons=["download"]
    )
    stability = gr.HTML(elem_id="stability", padding=False)
    with gr.Accordion(texts.consistency, open=False, visible=False, elem_id="consistency") as panel:
        consistency = gr.HTML(padding=False)
    with gr.Accordion(texts.raw_data, open=False, visible=False) as data_panel:
        data = gr.JSON(show_label=False, elem_id="data")
    return ResultComponents(
        chooser=chooser,
        headline=headline,
        picture=picture,
        table=table,
        timeline=timeline,
        make_clip=make_clip,
        clip=clip,
        stability=stability,
        consistency_panel=panel,
        consistency=consistency,
        data_panel=data_panel,
        data=data,
    )


def _actions(texts: Texts) -> ActionComponents:
    with gr.Column(visible=False, elem_id="next", elem_classes="lens-card") as panel:
        gr.HTML(render("card_title.jinja", title=texts.next_title, help=""), padding=False)
        file_status = gr.HTML(elem_id="kept", padding=False)
        link = gr.Textbox(
            label=texts.link, info=texts.link_help, buttons=["copy"], interactive=False, elem_id="link"
        )
        with gr.Row(elem_classes="lens-buttons"):
            pdf = gr.Button(texts.report_pdf, elem_id="report-pdf")
            json_report = gr.Button(texts.report_json, elem_id="report-json")
            delete = gr.Button(texts.delete, elem_id="delete")
            sure = gr.Button(texts.delete_sure, variant="stop", visible=False, elem_id="delete-sure")
    ready = gr.DownloadButton(elem_id="report-file", elem_classes="lens-unseen")
    deleted = gr.Markdown(elem_id="deleted")
    with gr.Column(visible=False, elem_id="feedback", elem_classes="lens-card") as vote_panel:
        title = render("card_title.jinja", title=texts.feedback_title, help=texts.feedback_help)
        gr.HTML(title, padding=False)
        vote = gr.Radio(
            [(texts.votes[choice], choice.value) for choice in Vote],
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
            gr.HTML(region_canvas(texts), padding=False, elem_id="region")
        region = gr.Textbox(visible=False)
        with gr.Row(elem_classes="lens-buttons"):
            send = gr.Button(texts.send, variant="primary", elem_id="send")
        thanks = gr.Markdown(elem_id="thanks")
    return ActionComponents(
        panel=panel,
        file_status=file_status,
        link=link,
        pdf=pdf,
        json=json_report,
        ready=ready,
        delete=delete,
        delete_sure=sure,
        deleted=deleted,
        vote_panel=vote_panel,
        subject=subject,
        vote=vote,
        tags=tags,
        note=note,
        region_panel=region_panel,
        region=region,
        send=send,
        thanks=thanks,
    )


def _background(services: Services, texts: Texts) -> None:
    """Create the accordions below every result: limits, model details and API."""
    detector = services.analysis.detector
    with gr.Accordion(texts.limits_title, open=False):
        gr.Markdown(texts.limits)
    with gr.Accordion(texts.model_title, open=False):
        gr.HTML(model_facts(detector.info, detector.decision, detector.notice, texts))
    with gr.Accordion(texts.api_title, open=False):
        gr.Markdown(texts.api.format(address="/"))
