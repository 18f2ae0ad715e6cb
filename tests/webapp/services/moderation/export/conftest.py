"""Two faces of one photo, both drawn for the audit, and the export service."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image

from tests.webapp.conftest import Judged
from webapp.db.session import Sessions
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.export import LabelExport
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage
from webapp.services.storage.kept_media import KeptMediaService


@pytest.fixture
def export(sessions: Sessions, audit: AuditService, keeping: KeptMediaService) -> LabelExport:
    return LabelExport(sessions, audit, keeping, delay=timedelta(0))


@pytest.fixture
def receipt(sessions: Sessions, keeping: KeptMediaService, log: CaseEvents, judged: Judged) -> str:
    """Return the receipt of a photo of two people whose faces are both cases."""
    triage = Triage(log, TriageRules(), draw=lambda: 0.0)
    service = AnalysisService(
        judged, AnalysisStore(sessions, kept_media=keeping, on_kept=triage.process), Jobs(), frames=4
    )
    return service.analyse(judged.picture, consent=True).receipt or ""


def region(size: tuple[int, int] = (60, 40)) -> bytes:
    """Return a mask of `size` (width, height) whose left half is painted."""
    image, written = Image.new("L", size), io.BytesIO()
    image.paste(255, (0, 0, size[0] // 2, size[1]))
    image.save(written, "PNG")
    return written.getvalue()
