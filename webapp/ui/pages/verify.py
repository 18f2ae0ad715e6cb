"""Page that checks a report: its signature, the analysed file, and what this site knows today."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from webapp.domain.errors import Refused
from webapp.services.reports.verification import MAX_REPORT_BYTES
from webapp.texts import Texts
from webapp.ui.pages.analyse.layout import drop_zone_words, footer, header
from webapp.ui.pages.events import QUIET
from webapp.ui.render.headline import message
from webapp.ui.render.receipt_links import receipt_of
from webapp.ui.render.verification import result_state, verified_report
from webapp.ui.services import Services
from webapp.ui.templating import render

# The number follows "#", which browsers do not send, so it reaches no log and no Referer.
_FROM_ADDRESS = "() => [location.hash.slice(1)]"
_FILE_HEIGHT = 140


def build(blocks: gr.Blocks, services: Services, texts: Texts) -> None:
    """Add the page in one language to the Blocks under construction."""
    words = texts.verification
    header(texts, page="verify")
    drop_zone_words(words.drop_words, words.tap_words)
    with gr.Row(equal_height=False):
        report = gr.File(label=words.report, type="filepath", elem_id="verify-report", height=_FILE_HEIGHT)
        media = gr.File(label=words.media, type="filepath", elem_id="verify-media", height=_FILE_HEIGHT)
    gr.HTML(render("help.jinja", sentences=[words.media_help]), padding=False)
    check = gr.Button(words.check, variant="primary", elem_id="verify-check")
    number = gr.Textbox(label=words.number, info=words.number_help, elem_id="verify-number", max_length=500)
    look_up = gr.Button(words.look_up, elem_id="verify-look-up")
    result = gr.HTML(elem_id="verification", padding=False)
    footer(texts, services.settings)

    handlers = _Handlers(services, texts)
    check.click(handlers.check, [report, media], [result, report, media], **QUIET)
    gr.on([look_up.click, number.submit], handlers.look_up, number, result, **QUIET)
    blocks.load(handlers.open_address, number, [number, result], js=_FROM_ADDRESS, **QUIET)


class _Handlers:
    """Handlers of the page's events."""

    def __init__(self, services: Services, texts: Texts) -> None:
        self._uploads = services.uploads
        self._verification = services.verification
        self._texts = texts

    def check(self, report: str | None, media: str | None) -> tuple[Markup, None, None]:
        """Check a report, compare the media file, and delete both uploads."""
        paths = [self._uploads.take(Path(upload)) for upload in (report, media) if upload]
        try:
            answer = self._answer(paths[0] if report else None, paths[-1] if media else None)
        except Refused as refusal:
            answer = message(self._texts.refusals.get(refusal.code, refusal.message))
        finally:
            self._uploads.drop(*paths)
        # The uploads are gone, so the page forgets them too.
        return answer, None, None

    def look_up(self, text: str) -> Markup:
        """Show what is known under the number in a pasted text."""
        number = receipt_of(text).lower()
        if not number:
            return Markup("")
        try:
            return result_state(self._verification.state(number), self._texts)
        except Refused as refusal:
            return message(self._texts.refusals.get(refusal.code, refusal.message))

    def open_address(self, text: str) -> tuple[Any, Any]:
        """Show what is known under the number in the page's address, if it has one."""
        if not text.strip():
            return gr.skip(), gr.skip()
        return text, self.look_up(text)

    def _answer(self, report: Path | None, media: Path | None) -> Markup:
        """Return the answer to a report. Raises Refused."""
        words = self._texts.verification
        if report is None or not report.is_file():
            return message(words.no_file)
        if report.stat().st_size > MAX_REPORT_BYTES:
            return message(words.too_large.format(megabytes=MAX_REPORT_BYTES // 1_000_000))
        media_sha256 = None
        if media is not None and media.is_file():
            with media.open("rb") as file:
                media_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return verified_report(self._verification.verify(report.read_bytes(), media_sha256), self._texts)
