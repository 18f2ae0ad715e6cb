"""Actions on a shown result: save a report, delete, vote."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from laanet_core.errors import UnreadableMedia
from webapp.domain.errors import Refused
from webapp.media.masks import mask_of_text
from webapp.services.results.feedback import Submission
from webapp.texts import Texts
from webapp.ui.pages.analyse import view
from webapp.ui.pages.analyse.browser_results import deleted_result
from webapp.ui.pages.analyse.layout import Layout, connect_confirmation
from webapp.ui.pages.analyse.session_state import AnalysedFile, SentVote, Visit
from webapp.ui.pages.events import QUIET
from webapp.ui.render import headline
from webapp.ui.render.receipt_links import receipt_of
from webapp.ui.services import Services

CLICK_DOWNLOAD = "() => { setTimeout(() => document.querySelector('#report-file').click(), 50); }"
# An equal list would count as a change of the files, which ends the visit and removes the confirmation.
_REMOVE_UPLOAD = """(files, deleted) => {
    lensDeleted();
    const left = (files || []).filter((file) => file.path !== deleted);
    if (left.length === (files || []).length) return [{__type__: 'update'}];
    window.lens.job.removeUpload();
    return [left.length ? left : null];
}"""
_WITH_REGION_AND_KEY = (
    "(...inputs) => [...inputs.slice(0, -2), window.lensRegion(), window.lens.job.newKey()]"
)


def connect(layout: Layout, services: Services, texts: Texts, visit: gr.State, outputs: list[Any]) -> Any:
    """Connect the buttons below a result, and return the event of a deletion.

    `outputs` are the components of a result.
    """
    _connect_reports(layout, services, texts, visit)
    _connect_vote(layout, services, texts, visit)
    return _connect_deletion(layout, services, texts, visit, outputs)


def _connect_reports(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    """Make a report on demand and pass it to a hidden download button.

    Gradio's own download button would return the file of the previous click.
    """

    def pdf_report(file: AnalysedFile) -> bytes:
        return services.evidence.report_pdf(file.media, file.analysis, texts, file.stabilities)

    def json_report(file: AnalysedFile) -> bytes:
        return report_text(services.evidence.report_json(file.media, file.analysis, texts, file.stabilities))

    for button, name, make in (
        (layout.next.pdf, "report.pdf", pdf_report),
        (layout.next.json, "report.json", json_report),
    ):
        save = _save_report(services, texts, name, make)
        saved = button.click(save, visit, layout.next.ready, **QUIET)
        saved.success(None, None, None, js=CLICK_DOWNLOAD)


def _save_report(
    services: Services, texts: Texts, name: str, make: Callable[[AnalysedFile], bytes]
) -> Callable[[Visit | None], str]:
    """Return the handler that writes a report of the selected file and returns its path."""

    def save(visit: Visit | None) -> str:
        file = None if visit is None else visit.selected
        if file is None or _is_deleted(file, services):
            raise gr.Error(texts.file_gone, print_exception=False)
        try:
            content = make(file)
        except UnreadableMedia as error:
            raise gr.Error(headline.error_text(error, texts), print_exception=False) from error
        path = save_report(services, file.analysis.receipt, name, content)
        file.derived.append(path)
        return str(path)

    return save


def report_text(report: dict[str, Any]) -> bytes:
    """Return a JSON report as it is downloaded."""
    return json.dumps(report, indent=2, ensure_ascii=False).encode()


def save_report(services: Services, receipt: str | None, name: str, content: bytes) -> Path:
    """Write a report to a folder of its own and return its path.

    The folder is cleaned up like the uploads, and the report is deleted with the result.
    """
    path = Path(tempfile.mkdtemp(dir=services.settings.cache)) / name
    path.write_bytes(content)
    services.uploads.attach(receipt, path)
    return path


def _is_deleted(file: AnalysedFile, services: Services) -> bool:
    """Return True if the result was deleted on another page; False if the database cannot answer."""
    if file.analysis.receipt is None:
        return False
    try:
        return not services.receipts.exists(file.analysis.receipt)
    except Refused:
        return False


def _connect_deletion(
    layout: Layout, services: Services, texts: Texts, visit: gr.State, outputs: list[Any]
) -> Any:
    """Delete after a second click.

    The next file's result is shown, and the browser removes the upload from its list.
    """
    actions = layout.next
    removed_upload = gr.Textbox(visible=False)

    def delete(current: Visit | None, link: str, request: gr.Request) -> dict[Any, Any]:
        # The link names the result. A click that is repeated after a lost connection deletes no other one.
        receipt = receipt_of(link)
        if not receipt:
            return {actions.deleted: ""}
        try:
            services.receipts.delete(receipt)
        except Refused as refusal:
            # A result that was deleted on another page is removed from this one too.
            if refusal.code != "unknown_receipt":
                reason = texts.refusals.get(refusal.code, refusal.message)
                raise gr.Error(texts.cannot_delete.format(reason=reason), print_exception=False) from refusal
        upload = "" if current is None else _remove(services, current, receipt)
        forgotten = {layout.answer.results: deleted_result(receipt), removed_upload: upload}
        if current is None or current.selected is None:
            empty = view.empty_page(layout, texts.no_result_yet)
            return {**empty, actions.deleted: texts.deleted, **forgotten}
        next_result = view.selected_result(layout, current, services, texts, request)
        return {**next_result, actions.deleted: texts.deleted_next, **forgotten}

    connect_confirmation(actions.delete, actions.confirmation)
    deleted = actions.confirmation.sure.click(
        delete, [visit, actions.link], [*outputs, layout.answer.results, removed_upload], **QUIET
    )
    deleted.success(
        None, [layout.inputs.files, removed_upload], layout.inputs.files, js=_REMOVE_UPLOAD, **QUIET
    )
    return deleted


def _remove(services: Services, visit: Visit, receipt: str) -> str:
    """Remove a deleted result and its files from a visit. Return where its upload arrived, "" if unknown."""
    file = visit.remove(receipt)
    if file is None:
        return visit.deleted_uploads.get(receipt, "")
    services.uploads.drop(Path(file.upload), file.path, *file.derived)
    visit.deleted_uploads[receipt] = file.upload
    visit.removes_upload = True
    return file.upload


def _receipt(file: AnalysedFile | None, link: str) -> str | None:
    """Return the receipt of the selected file, or else the one in the link on the page.

    After a restart of the server the visit's files are lost, and only the link names the result.
    """
    if file is None:
        return receipt_of(link)
    return file.analysis.receipt


def _connect_vote(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    """Send a vote, and clear the thanks once the visitor changes it."""
    actions = layout.next

    def submit(
        current: Visit | None,
        link: str,
        subject: int,
        choice: str | None,
        tags: list[str],
        note: str,
        painted: str,
        new_vote_key: str,
    ) -> str:
        file = None if current is None else current.selected
        if not choice:
            return texts.choose_vote
        vote_text = f"{subject} {choice} {tags} {note} {hash(painted)}"
        vote = SentVote(subject=int(subject), choice=choice, tags=tuple(tags or ()), note=note or "")
        try:
            submission = Submission(
                receipt=_receipt(file, link) or "",
                subject=vote.subject,
                vote=vote.choice,
                note=vote.note,
                idempotency_key=new_vote_key if file is None else file.key_for(vote_text),
                tags=vote.tags,
                region=mask_of_text(painted) if painted else None,
            )
            is_new = services.feedback.submit(submission)
        except Refused as refusal:
            return f"{texts.refusals.get(refusal.code, refusal.message)} (`{refusal.code}`)"
        if file is not None:
            file.last_vote = vote
            file.last_vote_text = vote_text
        return texts.thanks if is_new else texts.thanks_again

    # The thanks belong to the vote that was sent, so any change of the form clears them.
    fields = [actions.subject, actions.vote, actions.tags, actions.note]
    changes = [actions.subject.input, actions.vote.input, actions.tags.input, actions.note.input]
    gr.on(changes, None, None, actions.thanks, js="() => ''", **QUIET)
    # The key of a vote whose file the server no longer knows. A repeated call has the same one.
    key = gr.Textbox(visible=False)
    inputs = [visit, actions.link, *fields, actions.region, key]
    actions.send.click(submit, inputs, actions.thanks, js=_WITH_REGION_AND_KEY, **QUIET)
