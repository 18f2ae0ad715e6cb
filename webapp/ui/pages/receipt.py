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
# Face, value and time of a decision
Decision = tuple[int, str, datetime]
# Interval at which an open page asks for a new decision
_POLL_SECONDS = 20.0
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True)
class _Components:
    """Components of the page.

    `shown_receipt` is the receipt of the shown result. Actions use it, because the visitor may have changed
    `field` since.
    """

    field: gr.Textbox
    show: gr.Button
    shown: gr.HTML
    actions: gr.Column
    export: gr.HTML
    notice: gr.Checkbox
    delete: gr.Button
    delete_sure: gr.Button
    clock: gr.Timer
    known_decisions: gr.State
    shown_receipt: gr.Textbox


def build(blocks: gr.Blocks, services: Services, texts: Texts) -> None:
    """Add the page in one language to the Blocks under construction."""
    header(texts, receipt=True)
    field = gr.Textbox(label=texts.receipt_field, elem_id="receipt", max_length=500)
    show = gr.Button(texts.receipt_show, variant="primary", elem_id="show")
    shown = gr.HTML(elem_id="stored-result", padding=False)
    with gr.Column(visible=False, elem_id="stored-result-actions", elem_classes="lens-card") as actions:
        export = gr.HTML(elem_id="export", padding=False)
        notice = gr.Checkbox(label=texts.notify_me, elem_id="notice")
        with gr.Row(elem_classes="lens-buttons"):
            delete = gr.Button(texts.delete, elem_id="delete")
            sure = gr.Button(texts.delete_sure, variant="stop", visible=False, elem_id="delete-sure")
    clock = gr.Timer(_POLL_SECONDS, active=False)
    known_decisions, shown_receipt = gr.State([]), gr.Textbox(visible=False)
    components = _Components(
        field, show, shown, actions, export, notice, delete, sure, clock, known_decisions, shown_receipt
    )
    _connect(blocks, components, services, texts)


def _connect(blocks: gr.Blocks, page: _Components, services: Services, texts: Texts) -> None:
    """Connect the components to the services."""
    outputs = [
        page.shown,
        page.actions,
        page.notice,
        page.delete_sure,
        page.export,
        page.clock,
        page.known_decisions,
        page.shown_receipt,
    ]

    def look_up(text: str) -> tuple[Any, ...]:
        if not text.strip():
            return _empty_page("")
        try:
            found = services.receipts.result(receipt := receipt_of(text))
        except Refused as refusal:
            return _empty_page(message(texts.refusals.get(refusal.code, refusal.message)))
        link, hidden = export_link(receipt, texts), gr.update(visible=False)
        can_be_decided = bool(found.notify or found.waiting or found.media.kept)
        wish = gr.update(value=found.notify, visible=can_be_decided)
        return (
            stored_result(found, texts),
            gr.update(visible=True),
            wish,
            hidden,
            link,
            _poll_timer(found),
            decisions(found),
            receipt,
        )

    def open_address(text: str) -> tuple[Any, ...]:
        """Show the result in the page's address. Without one, keep a link that was pasted meanwhile."""
        return (text, *look_up(text)) if text.strip() else (gr.skip(),) * (1 + len(outputs))

    def ask(receipt: str, wanted: bool, known: list[Decision]) -> tuple[Any, ...]:
        try:
            services.receipts.ask_notice(receipt, wanted)
            found = services.receipts.result(receipt)
        except Refused as refusal:
            gr.Warning(texts.refusals.get(refusal.code, refusal.message))
            return gr.skip(), gr.skip(), gr.skip()
        if decisions(found) != known:
            gr.Info(texts.decision_arrived)
        return stored_result(found, texts), _poll_timer(found), decisions(found)

    def tick(receipt: str, known: list[Decision]) -> tuple[Any, ...]:
        """Show a decision that was made while the page is open."""
        try:
            found = services.receipts.result(receipt)
        except Refused:
            # The result was deleted or cannot be read right now. The page as it is says more than an error.
            return gr.skip(), gr.skip(), gr.skip()
        if decisions(found) == known:
            return gr.skip(), gr.skip(), gr.skip()
        gr.Info(texts.decision_arrived)
        return stored_result(found, texts), _poll_timer(found), decisions(found)

    def remove(receipt: str) -> tuple[Any, ...]:
        try:
            services.receipts.delete(receipt)
        except Refused as refusal:
            reason = texts.refusals.get(refusal.code, refusal.message)
            return (
                message(texts.cannot_delete.format(reason=reason)),
                *[gr.skip()] * 2,
                gr.update(visible=False),
                *[gr.skip()] * 4,
            )
        return _empty_page(message(texts.deleted))

    known = [page.shown_receipt, page.known_decisions]
    updates = [page.shown, page.clock, page.known_decisions]
    blocks.load(open_address, page.field, [page.field, *outputs], js=FROM_ADDRESS, **QUIET)
    gr.on([page.show.click, page.field.submit], look_up, page.field, outputs, **QUIET)
    notice_inputs = [page.shown_receipt, page.notice, page.known_decisions]
    page.notice.input(ask, notice_inputs, updates, **QUIET)
    page.clock.tick(tick, known, updates, **QUIET)
    page.delete.click(lambda: gr.update(visible=True), None, page.delete_sure, **QUIET)
    page.delete_sure.click(remove, page.shown_receipt, outputs, **QUIET)


def _empty_page(shown: str) -> tuple[Any, ...]:
    """Return the page without a result; `shown` gives the reason."""
    hidden = gr.update(visible=False)
    return shown, hidden, False, hidden, "", gr.Timer(active=False), [], ""


def _poll_timer(result: StoredResult) -> gr.Timer:
    """Return a timer that runs while the visitor waits for a decision."""
    return gr.Timer(active=bool(result.notify and result.waiting))


def decisions(result: StoredResult) -> list[Decision]:
    """Return face, value and time of every decision; two results with equal lists have the same decisions."""
    if result.decision is None:
        return []
    return [(face.face, face.value, face.decided_at) for face in result.decision.faces]


def export_link(receipt: str, texts: Texts) -> Markup:
    """Return a plain link, so that the archive goes to the visitor without a temporary copy."""
    address = f"/api/v1/results/{quote(receipt, safe='')}/export"
    return render("export_link.jinja", address=address, texts=texts)
