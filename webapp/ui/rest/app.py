"""Application of the REST interface, served below /api/v1."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI

from webapp.services.analysis.service import AnalysisService
from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.services.results.exports import ExportService
from webapp.services.results.feedback import FeedbackService
from webapp.services.results.receipts import ReceiptService
from webapp.services.results.verification import VerificationService
from webapp.settings import Settings
from webapp.ui.middleware import App, Guard
from webapp.ui.rest.analyses import analyses_router
from webapp.ui.rest.errors import add_handlers
from webapp.ui.rest.model_measures import model_measures_router
from webapp.ui.rest.results import results_router
from webapp.ui.rest.uploads import sweep
from webapp.ui.rest.verification import verification_router

_DESCRIPTION = (
    'Detects manipulated faces in photos and clips. Every error is {"error": {"code", "message"}} with a '
    "stable code. There is no log-in and no cookie: the receipt of an analysis is the only key to it. Pages "
    "of other origins cannot read answers (no CORS headers)."
)


@dataclass(frozen=True)
class RestServices:
    """Services that the endpoints call."""

    analysis: AnalysisService
    feedback: FeedbackService
    receipts: ReceiptService
    exports: ExportService
    verification: VerificationService
    model_measures: ModelMeasureService


def build(services: RestServices, settings: Settings) -> App:
    """Return the application with the limits of the public page and without CORS headers."""
    max_bytes = settings.max_upload_mb * 1_000_000
    sweep(settings.uploads)
    app = FastAPI(
        title="LAA-Net Lens",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_handlers(app)
    app.include_router(analyses_router(services.analysis, settings.uploads, max_bytes))
    app.include_router(results_router(services.receipts, services.exports, services.feedback))
    app.include_router(verification_router(services.verification, max_bytes))
    app.include_router(model_measures_router(services.model_measures))
    return Guard(app, max_bytes=max_bytes)
