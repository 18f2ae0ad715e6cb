"""Receipt page: the stored result for anyone who has its link."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import gradio as gr
from markupsafe import Markup

from laanet_core.decision import DecisionConfig
from laanet_core.errors import UnreadableMedia
from webapp.domain.errors import Refused
from webapp.services.results.documents import StoredResult
from webapp.services.results.stored_evidence import StoredEvidence
from webapp.texts import Texts
from webapp.texts.addresses import address
from webapp.ui.pages.analyse.actions import CLICK_DOWNLOAD, report_text, save_report
from webapp.ui.pages.analyse.browser_results import deleted_result, opened_result
from webapp.ui.pages.analyse.layout import (
    DeleteConfirmation,
    EvidenceComponents,
    connect_confirmation,
    delete_confirmation,
    evidence_components,
    footer,
    header,
)
from webapp.ui.pages.analyse.view import receipt_address
from webapp.ui.pages.events import EVIDENCE_QUEUE, QUIET
from webapp.ui.pages.receipt_evidence import decision_of, evidence_of_file, evidence_without_file, no_evidence
from webapp.ui.render.headline import error_text, message
from webapp.ui.render.my_results import my_results
from webapp.ui.render.receipt_links import receipt_of
from webapp.ui.render.share import share
from webapp.ui.render.stored_result import stored_details, stored_head
from webapp.ui.services import Services
from webapp.ui.templating import render

logger = logging.getLogger(__name__)
# The receipt follows "#", which browsers do not send, so it reaches no log and no Referer.
FROM_ADDRESS = "() => [location.hash.slice(1)]"
# Late answers about an earlier receipt are not shown.
_OTHER_RESULT = "(...inputs) => (window.lens.connection.startEpoch(), inputs)"
# Component to value or update.
Values = dict[Any, Any]
# Face, value and time of a decision.
Decision = tuple[int, str, datetime]
# Seconds between two requests of an open page for a new decision.
_POLL_SECONDS = 20.0


@dataclass(frozen=True)
class _Components:
    """Components of the page.

    `shown_receipt` is the receipt of the result on the page. The actions use it, because the visitor may have
    changed `field` since. `browser` is hidden: it tells the browser to forget a deleted result. `report` is a
    hidden download button that has the report.
    """

    field: gr.Textbox
    show: gr.Button
    head: gr.HTML
    evidence: EvidenceComponents
    details: gr.HTML
    actions: gr.Column
    pdf: gr.Button
    json: gr.Button
    report: gr.DownloadButton
    share: gr.HTML
    export: gr.HTML
    notice: gr.Checkbox
    delete: gr.Button
    confirmation: DeleteConfirmation
    browser: gr.JSON
    timer: gr.Timer
    known_decisions: gr.State
    shown_receipt: gr.Textbox


def build(blocks: gr.Blocks, services: Services, texts: Texts) -> None:
    """Add the page in one language to the Blocks under construction."""
    header(texts, page="receipt")
    gr.HTML(my_results(address(texts, "receipt"), texts), padding=False)
    field = gr.Textbox(label=texts.receipt_field, elem_id="receipt", max_length=500)
    show = gr.Button(texts.receipt_show, variant="primary", elem_id="show")
    with gr.Column(elem_id="stored-result"):
        head = gr.HTML(elem_id="stored-head", padding=False)
        evidence = evidence_components()
        details = gr.HTML(elem_id="stored-details", padding=False)
    with gr.Column(visible=False, elem_id="stored-result-actions", elem_classes="lens-card") as actions:
        sharing = gr.HTML(elem_id="share", padding=False)
        export = gr.HTML(elem_id="export", padding=False)
        notice = gr.Checkbox(label=texts.notify_me, elem_id="notice")
        with gr.Row(elem_classes="lens-buttons"):
            pdf = gr.Button(texts.report_pdf, elem_id="report-pdf", visible=False)
            json_report = gr.Button(texts.report_json, elem_id="report-json", visible=False)
            delete = gr.Button(texts.delete, elem_id="delete")
        confirmation = delete_confirmation(texts)
    footer(texts, services.settings)
    components = _Components(
        field=field,
        show=show,
        head=head,
        evidence=evidence,
        details=details,
        actions=actions,
        pdf=pdf,
        json=json_report,
        report=gr.DownloadButton(elem_id="report-file", elem_classes="lens-unseen"),
        share=sharing,
        export=export,
        notice=notice,
        delete=delete,
        confirmation=confirmation,
        browser=gr.JSON(visible=False),
        timer=gr.Timer(_POLL_SECONDS, active=False),
        known_decisions=gr.State([]),
        shown_receipt=gr.Textbox(visible=False),
    )
    _connect(blocks, components, _ReceiptHandlers(components, services, texts))


def _connect(blocks: gr.Blocks, page: _Components, handlers: _ReceiptHandlers) -> None:
    """Connect the components to the handlers."""
    parts = list(vars(page.evidence).values())
    outputs = [
        page.head,
        *parts,
        page.details,
        page.actions,
        page.pdf,
        page.json,
        page.notice,
        page.confirmation.row,
        page.browser,
        page.share,
        page.export,
        page.timer,
        page.known_decisions,
        page.shown_receipt,
    ]
    opened = blocks.load(handlers.open_address, page.field, [page.field, *outputs], js=FROM_ADDRESS, **QUIET)
    looked_up = gr.on(
        [page.show.click, page.field.submit],
        handlers.look_up,
        page.field,
        outputs,
        js=_OTHER_RESULT,
        **QUIET,
    )
    # The evidence follows as a call of its own, because the file is decoded and its faces are judged again.
    for shown in (opened, looked_up):
        shown.then(
            handlers.show_evidence,
            page.shown_receipt,
            [*parts, page.pdf, page.json],
            concurrency_id=EVIDENCE_QUEUE,
            **QUIET,
        )
    for button, make in ((page.pdf, handlers.pdf_report), (page.json, handlers.json_report)):
        saved = button.click(make, page.shown_receipt, page.report, concurrency_id=EVIDENCE_QUEUE, **QUIET)
        saved.success(None, None, None, js=CLICK_DOWNLOAD)

    updates = [page.head, page.details, page.timer, page.known_decisions]
    notice_inputs = [page.shown_receipt, page.notice, page.known_decisions]
    page.notice.input(handlers.request_notice, notice_inputs, updates, **QUIET)
    page.timer.tick(handlers.poll, [page.shown_receipt, page.known_decisions], updates, **QUIET)

    connect_confirmation(page.delete, page.confirmation)
    page.confirmation.sure.click(handlers.delete, page.shown_receipt, outputs, js=_OTHER_RESULT, **QUIET)


class _ReceiptHandlers:
    """Handlers of the page's events. Each returns the new values of the components that it changes."""

    def __init__(self, page: _Components, services: Services, texts: Texts) -> None:
        self._page = page
        self._services = services
        self._receipts = services.receipts
        self._texts = texts
        # Gradio accepts no empty mapping as an answer.
        self._unchanged: Values = {page.head: gr.skip()}

    def open_address(self, text: str, request: gr.Request) -> Values:
        """Show the result in the page's address. Without one, keep a link that was pasted meanwhile."""
        if not text.strip():
            return self._unchanged
        return {self._page.field: text, **self.look_up(text, request)}

    def look_up(self, text: str, request: gr.Request) -> Values:
        """Show the result of the receipt in a pasted text."""
        receipt = receipt_of(text)
        if not receipt:
            return self._empty_page(message(self._texts.device.no_link))
        try:
            result = self._receipts.result(receipt)
        except Refused as refusal:
            empty = self._empty_page(message(self._reason(refusal)))
            # The result was deleted elsewhere, or the connection broke before it existed.
            is_gone = refusal.code == "unknown_receipt"
            return {**empty, self._page.browser: deleted_result(receipt)} if is_gone else empty
        can_be_decided = bool(result.notify or result.waiting or result.media.kept)
        page = self._page
        return {
            **self._result_values(result),
            **evidence_without_file(page.evidence, result, self._decision(result), self._texts),
            page.pdf: gr.update(visible=False),
            page.json: gr.update(visible=False),
            page.actions: gr.update(visible=True),
            page.notice: gr.update(value=result.notify, visible=can_be_decided),
            page.confirmation.row: gr.update(visible=False),
            page.share: share(f"{receipt_address(request, self._texts)}#{receipt}", self._texts),
            page.export: export_link(receipt, self._texts),
            page.shown_receipt: receipt,
            page.browser: opened_result(receipt, result),
        }

    def show_evidence(self, receipt: str) -> Values:
        """Show what the kept file of the result on the page shows."""
        page = self._page
        unchanged: Values = {page.evidence.picture: gr.skip()}
        if not receipt:
            return unchanged
        try:
            with self._services.stored_evidence.open(receipt) as file_evidence:
                values = evidence_of_file(
                    page.evidence, file_evidence, self._decision(file_evidence.stored), receipt, self._texts
                )
                has_reports = file_evidence.stabilities is not None
        except Refused as refusal:
            # The page says already that the file was not kept.
            if refusal.code == "not_kept":
                return unchanged
            return self._without_file(receipt)
        except UnreadableMedia:
            logger.exception("a kept file could not be shown")
            return self._without_file(receipt)
        return {
            **values,
            page.pdf: gr.update(visible=has_reports),
            page.json: gr.update(visible=has_reports),
        }

    def _without_file(self, receipt: str) -> Values:
        """Return the evidence of a result whose kept file cannot be read; none if the result is gone."""
        try:
            stored = self._receipts.result(receipt)
        except Refused as refusal:
            return {
                **no_evidence(self._page.evidence),
                self._page.evidence.picture: message(self._reason(refusal)),
            }
        reason = self._texts.device.evidence_unavailable
        return evidence_without_file(self._page.evidence, stored, self._decision(stored), self._texts, reason)

    def _decision(self, stored: StoredResult) -> DecisionConfig:
        current = self._services.analysis.decision_of(stored.analysis)
        return decision_of(stored.thresholds, current)

    def pdf_report(self, receipt: str) -> str:
        """Make the PDF report and return its path."""
        evidence = self._services.evidence
        return self._report(
            receipt,
            "report.pdf",
            lambda file_evidence: evidence.report_pdf(
                file_evidence.media, file_evidence.analysis(receipt), self._texts, file_evidence.stabilities
            ),
        )

    def json_report(self, receipt: str) -> str:
        """Make the JSON report and return its path."""
        evidence = self._services.evidence
        return self._report(
            receipt,
            "report.json",
            lambda file_evidence: report_text(
                evidence.report_json(
                    file_evidence.media,
                    file_evidence.analysis(receipt),
                    self._texts,
                    file_evidence.stabilities,
                )
            ),
        )

    def _report(self, receipt: str, name: str, make: Callable[[StoredEvidence], bytes]) -> str:
        """Write a report to a folder that is cleaned up like the uploads and return its path."""
        try:
            with self._services.stored_evidence.open(receipt) as file_evidence:
                content = make(file_evidence)
        except Refused as refusal:
            raise gr.Error(self._reason(refusal), print_exception=False) from refusal
        except UnreadableMedia as error:
            raise gr.Error(error_text(error, self._texts), print_exception=False) from error
        return str(save_report(self._services, receipt, name, content))

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
            return {self._page.head: message(text), self._page.confirmation.row: gr.update(visible=False)}
        return {
            **self._empty_page(message(self._texts.deleted)),
            self._page.browser: deleted_result(receipt),
        }

    def _result_values(self, result: StoredResult) -> Values:
        return {
            self._page.head: stored_head(result, self._texts),
            self._page.details: stored_details(result, self._texts),
            self._page.timer: _poll_timer(result),
            self._page.known_decisions: decisions(result),
        }

    def _empty_page(self, text: str) -> Values:
        """Return the page without a result; `text` gives the reason."""
        page = self._page
        return {
            page.head: text,
            **no_evidence(page.evidence),
            page.details: "",
            page.pdf: gr.update(visible=False),
            page.json: gr.update(visible=False),
            page.actions: gr.update(visible=False),
            page.notice: False,
            page.confirmation.row: gr.update(visible=False),
            page.share: "",
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
