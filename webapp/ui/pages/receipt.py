"""Receipt page: the stored result for anyone who has its link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import gradio as gr
from markupsafe import Markup

from webapp.domain.errors import Refused
from webapp.services.results.documents import StoredResult
from webapp.texts import Texts
from webapp.ui.pages.analyse.layout import header
from webapp.ui.render.headline import message
from webapp.ui.render.receipt_links import receipt_of
from webapp.ui.render.stored_result import stored_result
from webapp.ui.services import Services
from webapp.ui.templating import render

# The receipt follows "#", which browsers do not send, so it reaches no log and no Referer.
FROM_ADDRESS = "() => [location.hash.slice(1)]"
# Component to value or update.
Values = dict[Any, Any]
# Face, value and time of a decision.
Decision = tuple[int, str, datetime]
# Seconds between two requests of an open page for a new decision.
_POLL_SECONDS = 20.0
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True)
class _Components:
    """Components of the page.

    `shown_receipt` is the receipt of the result on the page. The actions use it, because the visitor may have
    changed `field` since.
    """

    field: gr.Textbox
    show: gr.Button
    result: gr.HTML
    actions: gr.Column
    export: gr.HTML
    notice: gr.Checkbox
    delete: gr.Button
    delete_sure: gr.Button
    timer: gr.Timer
    known_decisions: gr.State
    shown_receipt: gr.Textbox


def build(blocks: gr.Blocks, services: Services, texts: Texts) -> None:
    """Add the page in one language to the Blocks under construction."""
    header(texts, receipt=True)
    field = gr.Textbox(label=texts.receipt_field, elem_id="receipt", max_length=500)
    show = gr.Button(texts.receipt_show, variant="primary", elem_id="show")
    result = gr.HTML(elem_id="stored-result", padding=False)
    with gr.Column(visible=False, elem_id="stored-result-actions", elem_classes="lens-card") as actions:
        export = gr.HTML(elem_id="export", padding=False)
        notice = gr.Checkbox(label=texts.notify_me, elem_id="notice")
        with gr.Row(elem_classes="lens-buttons"):
            delete = gr.Button(texts.delete, elem_id="delete")
            sure = gr.Button(texts.delete_sure, variant="stop", visible=False, elem_id="delete-sure")
    components = _Components(
        field=field,
        show=show,
        result=result,
        actions=actions,
        export=export,
        notice=notice,
        delete=delete,
        delete_sure=sure,
        timer=gr.Timer(_POLL_SECONDS, active=False),
        known_decisions=gr.State([]),
        shown_receipt=gr.Textbox(visible=False),
    )
    _connect(blocks, components, _ReceiptHandlers(components, services, texts))


def _connect(blocks: gr.Blocks, page: _Components, handlers: _ReceiptHandlers) -> None:
    """Connect the components to the handlers."""
    outputs = [
        page.result,
        page.actions,
        page.notice,
        page.delete_sure,
        page.export,
        page.timer,
        page.known_decisions,
        page.shown_receipt,
    ]
    blocks.load(handlers.open_address, page.field, [page.field, *outputs], js=FROM_ADDRESS, **QUIET)
    gr.on([page.show.click, page.field.submit], handlers.look_up, page.field, outputs, **QUIET)

    updates = [page.result, page.timer, page.known_decisions]
    notice_inputs = [page.shown_receipt, page.notice, page.known_decisions]
    page.notice.input(handlers.request_notice, notice_inputs, updates, **QUIET)
    page.timer.tick(handlers.poll, [page.shown_receipt, page.known_decisions], updates, **QUIET)

    page.delete.click(lambda: gr.update(visible=True), None, page.delete_sure, **QUIET)
    page.delete_sure.click(handlers.delete, page.shown_receipt, outputs, **QUIET)


class _ReceiptHandlers:
    """Handlers of the page's events. Each returns the new values of the components that it changes."""

    def __init__(self, page: _Components, services: Services, texts: Texts) -> None:
        self._page = page
        self._receipts = services.receipts
        self._texts = texts
        # Gradio accepts no empty mapping as an answer.
        self._unchanged: Values = {page.result: gr.skip()}

    def open_address(self, text: str) -> Values:
        """Show the result in the page's address. Without one, keep a link that was pasted meanwhile."""
        if not text.strip():
            return self._unchanged
        return {self._page.field: text, **self.look_up(text)}

    def look_up(self, text: str) -> Values:
        """Show the result of the receipt in a pasted text."""
        if not text.strip():
            return self._empty_page("")
        receipt = receipt_of(text)
        try:
            result = self._receipts.result(receipt)
        except Refused as refusal:
            return self._empty_page(message(self._reason(refusal)))
        can_be_decided = bool(result.notify or result.waiting or result.media.kept)
        page = self._page
        return {
            **self._result_values(result),
            page.actions: gr.update(visible=True),
            page.notice: gr.update(value=result.notify, visible=can_be_decided),
            page.delete_sure: gr.update(visible=False),
            page.export: export_link(receipt, self._texts),
            page.shown_receipt: receipt,
        }

    def request_notice(self, receipt: str, is_wanted: bool, known: list[Decision]) -> Values:
        """Store whether the visitor wants a notice of the decision."""
        try:
            self._receipts.set_notice_request(receipt, is_wanted)
            result = self._receipts.result(receipt)
        except Refused as refusal:
            gr.Warning(self._reason(refusal))
            return self._unchanged
        if decisions(result) != known:
            gr.Info(self._texts.decision_arrived)
        return self._result_values(result)

    def poll(self, receipt: str, known: list[Decision]) -> Values:
        """Show a decision that was made while the page is open."""
        try:
            result = self._receipts.result(receipt)
        except Refused:
            # The result was deleted or cannot be read right now. The page as it is says more than an error.
            return self._unchanged
        if decisions(result) == known:
            return self._unchanged
        gr.Info(self._texts.decision_arrived)
        return self._result_values(result)

    def delete(self, receipt: str) -> Values:
        """Delete everything that is stored under the receipt."""
        try:
            self._receipts.delete(receipt)
        except Refused as refusal:
            text = self._texts.cannot_delete.format(reason=self._reason(refusal))
            return {self._page.result: message(text), self._page.delete_sure: gr.update(visible=False)}
        return self._empty_page(message(self._texts.deleted))

    def _result_values(self, result: StoredResult) -> Values:
        return {
            self._page.result: stored_result(result, self._texts),
            self._page.timer: _poll_timer(result),
            self._page.known_decisions: decisions(result),
        }

    def _empty_page(self, text: str) -> Values:
        """Return the page without a result; `text` gives the reason."""
        page = self._page
        return {
            page.result: text,
            page.actions: gr.update(visible=False),
            page.notice: False,
            page.delete_sure: gr.update(visible=False),
            page.export: "",
            page.timer: gr.Timer(active=False),
            page.known_decisions: [],
            page.shown_receipt: "",
        }

    def _reason(self, refusal: Refused) -> str:
        return self._texts.refusals.get(refusal.code, refusal.message)


def _poll_timer(result: StoredResult) -> gr.Timer:
    """Return a timer that runs while the visitor waits for a decision."""
    return gr.Timer(active=bool(result.notify and result.waiting))


def decisions(result: StoredResult) -> list[Decision]:
    """Return face, value and time of every decision; two results with equal lists have the same decisions."""
    if result.decision is None:
        return []
    return [(face.face, face.value, face.decided_at) for face in result.decision.faces]


def export_link(receipt: str, texts: Texts) -> Markup:
    """Return a link to the archive. The server makes it on request, so no temporary copy stays on disk."""
    address = f"/api/v1/results/{quote(receipt, safe='')}/export"
    return render("export_link.jinja", address=address, texts=texts)
