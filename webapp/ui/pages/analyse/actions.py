"""What the visitor does with an answer: report, delete, vote."""

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
from webapp.security.tokens import new_key
from webapp.services.results.feedback import Submission
from webapp.texts import Texts
from webapp.ui.pages.analyse import view as show
from webapp.ui.pages.analyse.layout import Layout
from webapp.ui.pages.analyse.session_state import Said, Shown, Visit
from webapp.ui.render import headline
from webapp.ui.render.receipt_links import receipt_of
from webapp.ui.services import Services

HAND_OVER = "() => { setTimeout(() => document.querySelector('#report-file').click(), 50); }"
TAKE_OUT = (
    "(files, gone) => { lensDeleted(); "
    "const left = (files || []).filter((file) => file.path !== gone); return [left.length ? left : null]; }"
)
WITH_REGION = "(...given) => [...given.slice(0, -1), window.lensRegion()]"
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def connect(layout: Layout, services: Services, texts: Texts, visit: gr.State, outputs: list[Any]) -> Any:
    """Tie the buttons below an answer to the services; `outputs` are the components of an answer. Returns the event of a deletion."""
    _connect_reports(layout, services, texts, visit)
    _connect_vote(layout, services, texts, visit)
    return _connect_deletion(layout, services, texts, visit, outputs)


def _connect_reports(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    """A report is made when it is asked for, then handed over by a button that nobody sees: Gradio's button for downloads gives on a
    click what it held before. The file has a name of ours, in a folder that is swept like the uploads.
    """

    def saved(name: str, make: Callable[[Shown], bytes]) -> Callable[[Visit | None], Any]:
        def save(found: Visit | None) -> Any:
            shown = found.shown if found else None
            if shown is None or _deleted_elsewhere(shown, services):
                raise gr.Error(texts.file_gone, print_exception=False)
            try:
                content = make(shown)
            except UnreadableMedia as error:
                raise gr.Error(headline.error_text(error, texts), print_exception=False) from error
            path = Path(tempfile.mkdtemp(dir=services.settings.cache)) / name
            path.write_bytes(content)
            shown.made.append(path)
            services.uploads.hold(shown.analysed.receipt, path)
            return str(path)

        return save

    def pdf(shown: Shown) -> bytes:
        return services.evidence.report_pdf(shown.media, shown.analysed, texts, shown.stabilities)

    def data(shown: Shown) -> bytes:
        content = services.evidence.report_json(shown.media, shown.analysed, texts, shown.stabilities)
        return json.dumps(content, indent=2, ensure_ascii=False).encode()

    for button, name, make in ((layout.next.pdf, "report.pdf", pdf), (layout.next.json, "report.json", data)):
        made = button.click(saved(name, make), visit, layout.next.ready, **QUIET)
        made.success(None, None, None, js=HAND_OVER)


def _deleted_elsewhere(shown: Shown, services: Services) -> bool:
    """Return True if the file's result was deleted on another page; False if the database cannot answer."""
    if shown.analysed.receipt is None:
        return False
    try:
        return not services.receipts.exists(shown.analysed.receipt)
    except Refused:
        return False


def _connect_deletion(
    layout: Layout, services: Services, texts: Texts, visit: gr.State, outputs: list[Any]
) -> Any:
    """Two buttons, so that nothing is deleted by a slip. Then the next file's answer is shown, and the browser takes the deleted one
    from the list of uploads.
    """
    following, gone = layout.next, gr.Textbox(visible=False)

    def delete(found: Visit | None, link: str, request: gr.Request) -> dict[Any, Any]:
        shown = found.shown if found else None
        receipt = receipt_of(link) if shown is None else shown.analysed.receipt
        if not receipt:
            return {following.deleted: ""}
        try:
            services.receipts.delete(receipt)
        except Refused as refusal:
            if (
                refusal.code != "unknown_receipt"
            ):  # that one was deleted elsewhere: what is shown goes all the same
                reason = texts.refusals.get(refusal.code, refusal.message)
                raise gr.Error(texts.cannot_delete.format(reason=reason), print_exception=False) from refusal
        if (
            found is None or shown is None
        ):  # the server has been started anew meanwhile, and knows the link only
            return {**show.empty_page(layout, texts.deleted), following.deleted: texts.deleted, gone: ""}
        services.uploads.drop(Path(shown.upload), shown.path, *shown.made)
        found.remove_shown()
        found.deleted = True
        if found.shown is None:
            return {
                **show.empty_page(layout, texts.deleted),
                following.deleted: texts.deleted,
                gone: shown.upload,
            }
        left = show.selected_result(layout, found, services, texts, request)
        return {**left, following.deleted: texts.deleted_next, gone: shown.upload}

    following.delete.click(lambda: gr.update(visible=True), None, following.delete_sure, **QUIET)
    deleted = following.delete_sure.click(delete, [visit, following.link], [*outputs, gone], **QUIET)
    deleted.success(None, [layout.inputs.files, gone], layout.inputs.files, js=TAKE_OUT, **QUIET)
    return deleted


def _connect_vote(layout: Layout, services: Services, texts: Texts, visit: gr.State) -> None:
    following = layout.next

    def submit(
        found: Visit | None,
        link: str,
        subject: int,
        choice: str | None,
        tags: list[str],
        words: str,
        painted: str,
    ) -> str:
        shown = found.shown if found else None
        receipt = (
            receipt_of(link) if shown is None else shown.analysed.receipt
        )  # a server that was started anew knows the link only
        if not choice:
            return texts.choose_vote
        vote = f"{subject} {choice} {tags} {words} {hash(painted)}"
        key = new_key() if shown is None else shown.key_for(vote)
        try:
            region = mask_of_text(painted) if painted else None
            submission = Submission(
                receipt or "", int(subject), choice, words or "", key, tags=tuple(tags or ()), region=region
            )
            new = services.feedback.submit(submission)
        except Refused as refusal:
            return f"{texts.refusals.get(refusal.code, refusal.message)} (`{refusal.code}`)"
        if shown is not None:
            shown.sent, shown.said = vote, Said(int(subject), choice, tuple(tags or ()), words or "")
        return texts.thanks if new else texts.thanks_again

    changed = [field.input for field in (following.subject, following.vote, following.tags, following.note)]
    gr.on(changed, None, None, following.thanks, js="() => ''", **QUIET)  # it was about the vote before
    inputs = [
        visit,
        following.link,
        following.subject,
        following.vote,
        following.tags,
        following.note,
        following.region,
    ]
    following.send.click(submit, inputs, following.thanks, js=WITH_REGION, **QUIET)
