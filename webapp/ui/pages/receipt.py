"""The receipt's page: what is stored of a result, for whoever has its link."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import quote

import gradio as gr

from webapp.domain.errors import Refused
from webapp.texts import Texts
from webapp.ui.pages.analyse.layout import header
from webapp.ui.render import record
from webapp.ui.render.headline import message
from webapp.ui.render.receipt_links import receipt_of
from webapp.ui.services import Services

# The receipt stands behind "#", which browsers do not send: it is in no log and no Referer.
FROM_ADDRESS = "() => [location.hash.slice(1)]"
_POLL_SECONDS = 20.0
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
    clock = gr.Timer(_POLL_SECONDS, active=False)
    told = gr.State([])
    of = gr.Textbox(
        visible=False
    )  # the receipt whose record is shown: what is done is done to that one, whatever stands in the field
    outputs = [shown, actions, notice, sure, export, clock, told, of]

    def look(words: str) -> tuple[Any, ...]:
        if not words.strip():
            return _nothing("")
        try:
            found = services.receipts.result(receipt := receipt_of(words))
        except Refused as refusal:
            return _nothing(message(texts.refused.get(refusal.code, refusal.message)))
        link, hidden = export_link(receipt, texts), gr.update(visible=False)
        wish = gr.update(
            value=found["notify"], visible=bool(found["notify"] or found["waiting"] or found["media"]["kept"])
        )
        return (
            record.record(found, texts),
            gr.update(visible=True),
            wish,
            hidden,
            link,
            _ticking(found),
            decided(found),
            receipt,
        )

    def opened(words: str) -> tuple[Any, ...]:
        """The result in the page's address. Without one nothing is touched: whoever is quick has pasted a link by now."""
        return (words, *look(words)) if words.strip() else (gr.skip(),) * (1 + len(outputs))

    def ask(receipt: str, wanted: bool, known: list[Any]) -> tuple[Any, ...]:
        try:
            services.receipts.ask_notice(receipt, wanted)
            found = services.receipts.result(receipt)
        except Refused as refusal:
            gr.Warning(texts.refused.get(refusal.code, refusal.message))
            return gr.skip(), gr.skip(), gr.skip()
        if decided(found) != known:  # while he asked
            gr.Info(texts.decided_now)
        return record.record(found, texts), _ticking(found), decided(found)

    def tick(receipt: str, known: list[Any]) -> tuple[Any, ...]:
        """While the page is open: what has been decided since it was last looked at."""
        try:
            found = services.receipts.result(receipt)
        except Refused:  # deleted, or not to be read just now; the page as it is says more than that
            return gr.skip(), gr.skip(), gr.skip()
        if decided(found) == known:
            return gr.skip(), gr.skip(), gr.skip()
        gr.Info(texts.decided_now)
        return record.record(found, texts), _ticking(found), decided(found)

    def remove(receipt: str) -> tuple[Any, ...]:
        try:
            services.receipts.delete(receipt)
        except Refused as refusal:
            reason = texts.refused.get(refusal.code, refusal.message)
            return (
                message(texts.cannot_delete.format(reason=reason)),
                *[gr.skip()] * 2,
                gr.update(visible=False),
                *[gr.skip()] * 4,
            )
        return _nothing(message(texts.deleted))

    blocks.load(opened, field, [field, *outputs], js=FROM_ADDRESS, **QUIET)
    gr.on([show.click, field.submit], look, field, outputs, **QUIET)
    notice.input(ask, [of, notice, told], [shown, clock, told], **QUIET)
    clock.tick(tick, [of, told], [shown, clock, told], **QUIET)
    delete.click(lambda: gr.update(visible=True), None, sure, **QUIET)
    sure.click(remove, of, outputs, **QUIET)


def _nothing(shown: str) -> tuple[Any, ...]:
    """The page without a result, saying why."""
    hidden = gr.update(visible=False)
    return shown, hidden, False, hidden, "", gr.Timer(active=False), [], ""


def _ticking(found: Mapping[str, Any]) -> gr.Timer:
    """Looks again for as long as there is something to come that the visitor wants to be told of."""
    return gr.Timer(active=bool(found["notify"] and found["waiting"]))


def decided(found: Mapping[str, Any]) -> list[Any]:
    """What makes one state of the decisions another."""
    return (
        []
        if found["decision"] is None
        else [[face["face"], face["value"], face["decided_at"]] for face in found["decision"]["faces"]]
    )


def export_link(receipt: str, texts: Texts) -> str:
    """A plain link: the archive goes straight to the visitor, and no copy of it is laid down on the way."""
    address = escape(f"/api/v1/results/{quote(receipt, safe='')}/export")
    return f"<p class='lens-ask'><a class='lens-export' href='{address}' download='result.zip'>{escape(texts.export)}</a></p>"
