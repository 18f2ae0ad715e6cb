"""The receipt's page: what is stored of a result, for whoever has its link."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

import gradio as gr

from webapp.domain import Refused
from webapp.ui.pages.analyse.layout import header
from webapp.ui.render import record
from webapp.ui.render.headline import message
from webapp.ui.services import Services
from webapp.ui.texts import Texts

# The receipt stands behind "#", which browsers do not send: it is in no log and no Referer.
FROM_ADDRESS = "() => [location.hash.slice(1)]"
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build(blocks: gr.Blocks, services: Services, texts: Texts) -> None:
    """Add the page, in one language, to the Blocks under construction."""
    header(texts, receipt=True)
    field = gr.Textbox(label=texts.receipt_field, elem_id="receipt", max_length=500)
    show = gr.Button(texts.receipt_show, variant="primary", elem_id="show")
    shown = gr.HTML(elem_id="record", padding=False)
    with gr.Column(visible=False, elem_id="record-actions", elem_classes="lens-card") as actions:
        export = gr.HTML(elem_id="export", padding=False)
        notice = gr.Checkbox(label=texts.tell_me, elem_id="notice")
        with gr.Row(elem_classes="lens-buttons"):
            delete = gr.Button(texts.delete, elem_id="delete")
            sure = gr.Button(texts.delete_sure, variant="stop", visible=False, elem_id="delete-sure")
    outputs = [shown, actions, notice, sure, export]

    def look(words: str) -> tuple[Any, ...]:
        if not words.strip():
            return "", gr.update(visible=False), False, gr.update(visible=False), ""
        try:
            found = services.receipts.result(receipt_of(words))
        except Refused as refusal:
            text = texts.refused.get(refusal.code, refusal.message)
            return message(text), gr.update(visible=False), False, gr.update(visible=False), ""
        link = export_link(receipt_of(words), texts)
        return record.record(found, texts), gr.update(visible=True), found["notify"], gr.update(visible=False), link

    def ask(words: str, wanted: bool) -> None:
        try:
            services.receipts.ask_notice(receipt_of(words), wanted)
        except Refused as refusal:
            gr.Warning(texts.refused.get(refusal.code, refusal.message))

    def remove(words: str) -> tuple[Any, ...]:
        try:
            services.receipts.delete(receipt_of(words))
        except Refused as refusal:
            reason = texts.refused.get(refusal.code, refusal.message)
            return message(texts.cannot_delete.format(reason=reason)), gr.skip(), gr.skip(), gr.update(visible=False), gr.skip()
        return message(texts.deleted), gr.update(visible=False), False, gr.update(visible=False), ""

    blocks.load(lambda words: words, field, field, js=FROM_ADDRESS, **QUIET).then(look, field, outputs, **QUIET)
    gr.on([show.click, field.submit], look, field, outputs, **QUIET)
    notice.input(ask, [field, notice], None, **QUIET)
    delete.click(lambda: gr.update(visible=True), None, sure, **QUIET)
    sure.click(remove, field, outputs, **QUIET)


def receipt_of(words: str) -> str:
    """The receipt in a pasted link or alone."""
    return words.strip().rpartition("#")[2]


def export_link(receipt: str, texts: Texts) -> str:
    """A plain link: the archive goes straight to the visitor, and no copy of it is laid down on the way."""
    address = escape(f"/api/v1/results/{quote(receipt, safe='')}/export")
    return f"<p class='lens-ask'><a class='lens-export' href='{address}' download='result.zip'>{escape(texts.export)}</a></p>"
