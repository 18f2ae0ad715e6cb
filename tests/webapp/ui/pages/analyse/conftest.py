"""Fixture of the analysis page, over real services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.block_function import BlockFunction

from laanet_core.inference.detector import Detector
from tests import asynchronous
from webapp.db.session import Sessions
from webapp.domain.clock import now
from webapp.media.decoding.process_pool import DecoderPool
from webapp.security.signing_keys import new_keys
from webapp.security.tokens import new_key
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
from webapp.ui.pages.analyse.handlers import connect
from webapp.ui.pages.analyse.layout import Layout, build_layout
from webapp.ui.services import Services

TEXTS = LANGUAGES["en"]


@dataclass(frozen=True)
class AnalysisPage:
    """Page with its components and their connected handlers."""

    blocks: gr.Blocks
    layout: Layout

    def handler(self, name: str) -> Callable[..., Any]:
        """Return the event handler of a name."""
        handler: Callable[..., Any] | None = self.events(name)[0].fn
        assert handler is not None
        return handler

    def events(self, name: str) -> list[BlockFunction]:
        """Return all events whose handler has this name."""
        return [event for event in self.blocks.fns.values() if event.name == name]

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
) -> AnalysisPage:
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
    async def build() -> AnalysisPage:
        with gr.Blocks(analytics_enabled=False) as blocks:
            layout = build_layout(services, TEXTS)
            connect(layout, services, TEXTS)
        return AnalysisPage(blocks, layout)

    return asynchronous.run(build())
