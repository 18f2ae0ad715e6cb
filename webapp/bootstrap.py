"""Builds everything from the settings; the only place that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laanet_core.inference import Detector
from webapp.db.session import answers, make_sessions, open_database
from webapp.media.store import MediaStore
from webapp.services.analysis import AnalysisService
from webapp.services.evidence import EvidenceService
from webapp.services.exports import ExportService
from webapp.services.feedback import FeedbackService
from webapp.services.jobs import Jobs
from webapp.services.keeping import Keeping
from webapp.services.receipts import ReceiptService
from webapp.settings import InvalidSetting, Settings

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
    keeping: Keeping
    blocks: gr.Blocks
    rest: App
    health: Health


def build(settings: Settings) -> Application:
    """Load the weights, open database and store, make the pages. Raises LaanetError, InvalidSetting (LENS_STORE), database errors."""
    engine = open_database(settings.database)
    sessions = make_sessions(engine)
    detector = Detector.from_weights(settings.weights, settings.device)
    keeping = Keeping(sessions, _open_store(settings), quota=settings.store_bytes)
    limits = {"frames": settings.frames, "at_once": settings.at_once, "max_waiting": settings.max_waiting}
    analysis = AnalysisService(detector, sessions, Jobs(), **limits, keeping=keeping)
    feedback, receipts = FeedbackService(sessions), ReceiptService(sessions, keeping)

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
    from webapp.ui.rest.app import RestServices
    from webapp.ui.rest.app import build as build_rest
    from webapp.ui.services import Services

    settings.cache.mkdir(parents=True, exist_ok=True)
    evidence = EvidenceService(detector, frames=settings.frames, folder=settings.cache)
    blocks = build_pages(Services(analysis, feedback, receipts, evidence, settings))
    rest = build_rest(RestServices(analysis, feedback, receipts, ExportService(sessions, receipts, keeping)), settings)
    return Application(analysis, feedback, receipts, keeping, blocks, rest, health)


def _open_store(settings: Settings) -> MediaStore:
    try:
        return MediaStore(settings.media)
    except (ImportError, ValueError) as error:  # a kind of store that is unknown, or needs a package that is not there
        raise InvalidSetting(f"LENS_STORE cannot be {settings.media!r}: {error}") from error
