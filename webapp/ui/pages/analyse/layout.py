"""Components of the analysis page, in reading order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from webapp.domain.enums import Tag, Vote
from webapp.examples import answers
from webapp.settings import Settings
from webapp.texts import LANGUAGES, Texts
from webapp.texts.addresses import address, link_address
from webapp.ui.pages.events import QUIET
from webapp.ui.render.facts import model_facts
from webapp.ui.render.headline import fallback_notice
from webapp.ui.render.picture import data_uri_of
from webapp.ui.render.region import region_canvas
from webapp.ui.render.sample import welcome
from webapp.ui.services import Services
from webapp.ui.templating import render

ASK_TO_DELETE = "() => [{visible: true, __type__: 'update'}]"
KEEP_RESULT = "() => [{visible: false, __type__: 'update'}]"
EXAMPLES = answers.FOLDER


@dataclass(frozen=True)
class Inputs:
    """Upload, camera, examples, consent and the buttons that start and stop an analysis.

    `examples` are buttons by the name of the example. `under_way` shows the progress on phones, where the
    headline is out of sight.
    """

    files: gr.File
    camera: gr.Image
    examples: Mapping[str, gr.Button]
    consent: gr.Checkbox
    start: gr.Button
    stop: gr.Button
    under_way: gr.HTML


@dataclass(frozen=True)
class EvidenceComponents:
    """Components of the evidence, on the analysis page and on the receipt page.

    `clip_view` has the player of a clip beside its timeline and its highest-scoring moments. `table` has the
    cards of the faces. `stability` says why the stability check is missing.
    """

    clip_view: gr.Row
    player: gr.HTML
    timeline: gr.HTML
    moments: gr.HTML
    table: gr.HTML
    stability: gr.HTML
    picture: gr.HTML


@dataclass(frozen=True)
class ResultComponents(EvidenceComponents):
    """Components that an analysis fills. `chooser` appears if the visitor uploaded several files.

    `results` is hidden: it has what the browser stores of every result.
    """

    chooser: gr.Radio
    headline: gr.HTML
    make_clip: gr.Button
    clip: gr.Video
    consistency_panel: gr.Accordion
    consistency: gr.HTML
    data_panel: gr.Accordion
    data: gr.JSON
    results: gr.JSON


@dataclass(frozen=True)
class DeleteConfirmation:
    """Row with the question whether a result is really to be deleted."""

    row: gr.Row
    sure: gr.Button
    cancel: gr.Button


def delete_confirmation(texts: Texts) -> DeleteConfirmation:
    """Create the hidden row."""
    with gr.Row(visible=False, elem_classes="lens-buttons", elem_id="delete-confirmation") as row:
        sure = gr.Button(texts.delete_sure, variant="stop", elem_id="delete-sure")
        cancel = gr.Button(texts.device.cancel, elem_id="delete-cancel")
    return DeleteConfirmation(row, sure, cancel)


def connect_confirmation(delete: gr.Button, confirmation: DeleteConfirmation) -> None:
    """Show the question after a press of `delete`, and hide it if the visitor changes their mind."""
    for button, script in ((delete, ASK_TO_DELETE), (confirmation.cancel, KEEP_RESULT)):
        button.click(None, None, confirmation.row, js=script, **QUIET)


@dataclass(frozen=True)
class ActionComponents:
    """Components for everything that a visitor can do with a result.

    `file_status` says whether the file was kept. `ready` is a hidden download button that has the report.
    `region` has the painted region as text.
    """

    panel: gr.Column
    file_status: gr.HTML
    link: gr.Textbox
    share: gr.HTML
    pdf: gr.Button
    json: gr.Button
    ready: gr.DownloadButton
    delete: gr.Button
    confirmation: DeleteConfirmation
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
    footer(texts, services.settings)
    return Layout(inputs, answer, following)


@dataclass(frozen=True)
class HeaderLink:
    """Link in the header. `code` is the language of the linked page, or "" if it is the present one."""

    address: str
    name: str
    code: str = ""


def header(texts: Texts, *, page: str = "") -> None:
    """Create the title and the links to the other pages and the other languages.

    `page` is "", receipt, verify or programs.
    """
    title, tagline = {
        "": (texts.title, texts.tagline),
        "receipt": (texts.receipt_title, texts.receipt_help),
        "verify": (texts.verification.title, texts.verification.help),
        "programs": (texts.programs.title, texts.programs.help),
    }[page]
    names = {"": texts.to_analyse, "receipt": texts.to_receipt, "verify": texts.verification.to_verify}
    links = [HeaderLink(link_address(texts, other), name) for other, name in names.items() if other != page]
    for code, other in LANGUAGES.items():
        if other is not texts:
            links.append(HeaderLink(link_address(other, page), other.language, code))
    of_result = texts.receipt_open if page == "receipt" else ""
    content = render("header.jinja", title=title, tagline=tagline, tagline_of_result=of_result, links=links)
    gr.HTML(content, padding=False)
    gr.HTML(render("notice_of_connection.jinja", words=texts.device), padding=False)


def footer(texts: Texts, settings: Settings) -> None:
    """Create the links at the end of every page."""
    links = [HeaderLink(address(texts, "programs"), texts.programs.to_programs)]
    if settings.public_measures == "on":
        links.append(HeaderLink(address(texts, "model/measures"), texts.model_measures.to_measures))
    gr.HTML(render("footer.jinja", label=texts.programs.footer, links=links), padding=False)


def _help(*sentences: str) -> None:
    gr.HTML(render("help.jinja", sentences=sentences), padding=False)


def _inputs(services: Services, texts: Texts) -> Inputs:
    settings = services.settings
    thumbnails = [data_uri_of(EXAMPLES / "thumbnails" / f"{Path(name).stem}.jpg") for name in answers.NAMES]
    drop_zone_words(texts.drop_words, texts.tap_words, thumbnails)
    _help(texts.scope)
    gr.HTML(render("take_photo.jinja", text=texts.take_photo), padding=False, elem_id="take-photo")
    with gr.Tabs():
        with gr.Tab(texts.upload):
            files = gr.File(
                label=texts.upload,
                show_label=False,
                type="filepath",
                file_count="multiple",
                elem_id="file",
                height=240,
            )
        with gr.Tab(texts.camera):
            camera = gr.Image(
                label=texts.camera, show_label=False, sources=["webcam"], format="png", elem_id="camera"
            )
            _help(texts.camera_help)
            gr.HTML(render("camera_message.jinja", words=texts.device), padding=False)
    limits = texts.upload_limits.format(files=settings.max_files, megabytes=settings.max_upload_mb)
    gr.HTML(render("upload_help.jinja", limits=limits, texts=texts), padding=False)
    consent = gr.Checkbox(label=texts.consent, info=texts.consent_help, value=False, elem_id="consent")
    with gr.Row():
        start = gr.Button(texts.analyse, variant="primary", elem_id="analyse")
        stop = gr.Button(texts.stop, elem_id="stop", interactive=False)
    under_way = gr.HTML(elem_id="under-way", padding=False)
    _help(texts.privacy)
    gr.HTML(render("examples_title.jinja", title=texts.examples), padding=False)
    with gr.Row(elem_id="examples"):
        examples = {
            name: gr.Button(
                texts.example_captions[name],
                elem_id=f"example-{number}",
                elem_classes=["lens-example", *(["lens-clip-example"] if name.endswith(".mp4") else [])],
            )
            for number, name in enumerate(answers.NAMES, start=1)
        }
    return Inputs(
        files=files,
        camera=camera,
        examples=examples,
        consent=consent,
        start=start,
        stop=stop,
        under_way=under_way,
    )


def drop_zone_words(drop: str, tap: str, thumbnails: Sequence[str] = ()) -> None:
    """Set the words of the page's drop zones, for a mouse and for a finger, and the examples' pictures."""
    words = _as_markup({"drop": drop, "tap": tap})
    gr.HTML(render("upload_words.jinja", thumbnails=thumbnails, **words), padding=False)


def _as_markup(words: Mapping[str, str]) -> dict[str, Markup]:
    """Return words as CSS strings. Raises ValueError if one could end its element."""
    if any("<" in word for word in words.values()):
        raise ValueError("a word of the drop zone has a tag")
    return {name: Markup(json.dumps(word, ensure_ascii=False)) for name, word in words.items()}


def _result(texts: Texts) -> ResultComponents:
    chooser = gr.Radio(label=texts.choose_file, visible=False, elem_id="chooser")
    headline = gr.HTML(welcome(texts.code), elem_id="headline", padding=False)
    clip = gr.Video(
        label=texts.overlay_clip,
        visible=False,
        interactive=False,
        elem_id="clip",
        buttons=["download"],
        render=False,
    )
    make_clip = gr.Button(
        texts.make_overlay_clip, size="sm", visible=False, elem_id="make-clip", render=False
    )
    evidence = evidence_components(below_player=[clip, make_clip])
    with gr.Accordion(texts.consistency, open=False, visible=False, elem_id="consistency") as panel:
        consistency = gr.HTML(padding=False, elem_id="consistency-maps")
    with gr.Accordion(texts.raw_data, open=False, visible=False) as data_panel:
        data = gr.JSON(show_label=False, elem_id="data")
    return ResultComponents(
        **vars(evidence),
        chooser=chooser,
        headline=headline,
        make_clip=make_clip,
        clip=clip,
        consistency_panel=panel,
        consistency=consistency,
        data_panel=data_panel,
        data=data,
        results=gr.JSON(visible=False),
    )


def evidence_components(below_player: Sequence[Any] = ()) -> EvidenceComponents:
    """Create the components of the evidence. `below_player` are components that are not placed yet."""
    with gr.Row(visible=False, equal_height=False, elem_id="clip-view") as clip_view:
        with gr.Column(min_width=260, elem_id="player-column"):
            player = gr.HTML(elem_id="player", padding=False)
            for component in below_player:
                component.render()
        with gr.Column(min_width=260):
            timeline = gr.HTML(elem_id="timeline", padding=False)
            moments = gr.HTML(elem_id="moments", padding=False)
    return EvidenceComponents(
        clip_view=clip_view,
        player=player,
        timeline=timeline,
        moments=moments,
        table=gr.HTML(elem_id="faces", padding=False),
        stability=gr.HTML(elem_id="stability", padding=False),
        picture=gr.HTML(elem_id="picture", padding=False),
    )


def _actions(texts: Texts) -> ActionComponents:
    with gr.Column(visible=False, elem_id="next", elem_classes="lens-card") as panel:
        gr.HTML(render("card_title.jinja", title=texts.next_title, help=""), padding=False)
        file_status = gr.HTML(elem_id="kept", padding=False)
        link = gr.Textbox(
            label=texts.link, info=texts.link_help, buttons=["copy"], interactive=False, elem_id="link"
        )
        share = gr.HTML(elem_id="share", padding=False)
        with gr.Row(elem_classes="lens-buttons"):
            pdf = gr.Button(texts.report_pdf, elem_id="report-pdf")
            json_report = gr.Button(texts.report_json, elem_id="report-json")
            delete = gr.Button(texts.delete, elem_id="delete")
        confirmation = delete_confirmation(texts)
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
        share=share,
        pdf=pdf,
        json=json_report,
        ready=ready,
        delete=delete,
        confirmation=confirmation,
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
    """Create the accordions below every result: limits and model details."""
    detector = services.analysis.detector
    with gr.Accordion(texts.limits_title, open=False):
        gr.Markdown(texts.limits)
    with gr.Accordion(texts.model_title, open=False):
        gr.HTML(model_facts(detector.info, detector.decision, detector.notice, texts))
