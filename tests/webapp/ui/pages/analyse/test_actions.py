"""Handlers of the buttons below a result; the browser tests cover the events."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from laanet_core.inference.detector import Detector
from tests import asynchronous
from webapp.db.session import Sessions
from webapp.db.tables import Feedback
from webapp.domain.clock import now
from webapp.media.decoding.process_pool import DecoderPool
from webapp.security.signing_keys import new_keys
from webapp.security.tokens import new_key
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.evidence import EvidenceService
from webapp.services.results.exports import ExportService
from webapp.services.results.feedback import FeedbackService
from webapp.services.results.receipts import ReceiptService
from webapp.services.results.stored_evidence import StoredEvidenceService
from webapp.services.results.verification import VerificationService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.uploads import Uploads
from webapp.settings import Settings
from webapp.texts import LANGUAGES
from webapp.ui.page_presence import Presence
from webapp.ui.pages.analyse import actions
from webapp.ui.pages.analyse.layout import Layout, build_layout
from webapp.ui.services import Services

TEXTS = LANGUAGES["en"]


@dataclass(frozen=True)
class ActionsPage:
    """Page with the components of a result and their connected actions."""

    blocks: gr.Blocks
    layout: Layout

    def handler(self, name: str) -> Callable[..., Any]:
        """Return the event handler of a name."""
        (event,) = [event for event in self.blocks.fns.values() if event.name == name]
        handler: Callable[..., Any] | None = event.fn
        assert handler is not None
        return handler

    def vote(self, link: str, choice: str | None, note: str = "") -> str:
        """Vote on the whole file of a receipt link, and return the page's answer."""
        message: str = self.handler("submit")(None, link, 0, choice, [], note, "", new_key())
        return message


@pytest.fixture
def page(
    detector: Detector,
    decoders: DecoderPool,
    analysis: AnalysisService,
    feedback: FeedbackService,
    receipts: ReceiptService,
    sessions: Sessions,
    keeping: KeptMediaService,
    tmp_path: Path,
) -> ActionsPage:
    settings = Settings(data=tmp_path, cache=tmp_path / "cache")
    evidence = EvidenceService(detector, decoders, folder=settings.cache)
    uploads, presence = Uploads(settings.cache), Presence(analysis.jobs.stop)
    verification = VerificationService(sessions, lambda: new_keys(now()).public)
    exports = ExportService(sessions, receipts, keeping)
    services = Services(
        analysis,
        feedback,
        receipts,
        evidence,
        verification,
        uploads,
        settings,
        presence,
        StoredEvidenceService(receipts, exports, evidence, detector, folder=tmp_path / "visits"),
    )

    # Without a running event loop Gradio makes loops that it never closes.
    async def build() -> ActionsPage:
        with gr.Blocks(analytics_enabled=False) as blocks:
            layout = build_layout(services, TEXTS)
            actions.connect(layout, services, TEXTS, gr.State(None), [])
        return ActionsPage(blocks, layout)

    return asynchronous.run(build())


def link_of(analysed: StoredAnalysis) -> str:
    return f"http://lens.example/receipt#{analysed.receipt}"


def test_vote_needs_a_choice(page: ActionsPage, analysed: StoredAnalysis, sessions: Sessions) -> None:
    assert page.vote(link_of(analysed), None) == TEXTS.choose_vote
    with sessions() as session:
        assert session.query(Feedback).count() == 0


def test_vote_after_a_restart_uses_the_link(
    page: ActionsPage, analysed: StoredAnalysis, sessions: Sessions
) -> None:
    assert page.vote(link_of(analysed), "disagree", "blurred mouth") == TEXTS.thanks
    with sessions() as session:
        (vote,) = session.query(Feedback)
        assert (vote.subject, vote.vote, vote.note) == (0, "disagree", "blurred mouth")


def test_refused_vote_states_the_reason_and_its_code(page: ActionsPage) -> None:
    message = page.vote("http://lens.example/receipt#unknown", "agree")
    assert message == f"{TEXTS.refusals['unknown_receipt']} (`unknown_receipt`)"


def test_deletion_after_a_restart_uses_the_link(
    page: ActionsPage, analysed: StoredAnalysis, receipts: ReceiptService
) -> None:
    assert analysed.receipt is not None
    updates = page.handler("delete")(None, link_of(analysed), None)
    assert updates[page.layout.next.deleted] == TEXTS.deleted
    assert not receipts.exists(analysed.receipt)


def test_report_of_no_file_is_refused(page: ActionsPage) -> None:
    saves = [event.fn for event in page.blocks.fns.values() if event.name == "save"]
    assert len(saves) == 2
    for save in saves:
        assert save is not None
        with pytest.raises(gr.Error, match=re.escape(TEXTS.file_gone)):
            save(None)
