"""Builds everything from the settings; the only place that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laanet_core.inference import Detector
from webapp.db.session import answers, make_sessions, open_database
from webapp.services.analysis import AnalysisService
from webapp.services.evidence import EvidenceService
from webapp.services.feedback import FeedbackService
from webapp.services.jobs import Jobs
from webapp.services.receipts import ReceiptService
from webapp.services.uploads import Uploads
from webapp.settings import Settings

if TYPE_CHECKING:
    import gradio as gr

    from webapp.ui.app import Health
    from webapp.ui.guard import App


@dataclass(frozen=True)
class Application:
    """The services, the pages and the plain HTTP interface over them, and what /healthz answers."""

    analysis: AnalysisService
    feedback: FeedbackService
    receipts: ReceiptService
    blocks: gr.Blocks
    rest: App
    health: Health


def build(settings: Settings) -> Application:
    """Load the weights, open the database, make the pages. Raises LaanetError and database errors."""
    engine = open_database(settings.database)
    sessions = make_sessions(engine)
    detector = Detector.from_weights(settings.weights, settings.device)
    analysis = AnalysisService(
        detector, sessions, Jobs(), frames=settings.frames, at_once=settings.at_once, max_waiting=settings.max_waiting
    )
    feedback, receipts = FeedbackService(sessions), ReceiptService(sessions)

    def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "model": detector.info.to_json(),
            "device": str(detector.device),
            "running": analysis.turns.running,
            "queue_length": analysis.turns.waiting,
            "database": "ok" if answers(engine) else "unavailable",
        }

    from webapp.ui.app import build as build_pages
    from webapp.ui.rest.app import build as build_rest
    from webapp.ui.services import Services

    uploads = Uploads(settings.cache)
    evidence = EvidenceService(detector, frames=settings.frames, folder=settings.cache)
    blocks = build_pages(Services(analysis, feedback, receipts, evidence, uploads, settings))
    rest = build_rest(analysis, feedback, receipts, settings)
    return Application(analysis, feedback, receipts, blocks, rest, health)
