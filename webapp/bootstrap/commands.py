"""Services that only the commands of `python -m webapp` need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.bootstrap.cases import rules_of
from webapp.bootstrap.learning import Learning
from webapp.bootstrap.records import Records
from webapp.settings import Settings

if TYPE_CHECKING:
    from laanet_core.inference.detector import Detector
    from webapp.services.analysis.rescoring import RescoringService
    from webapp.services.analysis.service import AnalysisService
    from webapp.services.label_quality.service import LabelQualityService
    from webapp.services.moderation.gold import GoldService
    from webapp.services.training.publishing import PublishingService


def gold_service(records: Records, settings: Settings) -> GoldService:
    """Return the service that marks cases with a known answer."""
    from webapp.services.moderation.case_events import CaseEvents
    from webapp.services.moderation.gold import GoldService

    events = CaseEvents(records.audit, webhook=bool(settings.webhook_url))
    return GoldService(events, rules_of(settings))


def label_quality_service(records: Records) -> LabelQualityService:
    """Return the service that reports the agreement of moderators."""
    from webapp.services.label_quality.service import LabelQualityService

    return LabelQualityService(records.sessions)


def publishing_service(learning: Learning, endpoint: str | None) -> PublishingService:
    """Return the service that uploads models and snapshots to the Hub at `endpoint`.

    Without an endpoint, it is the Hub of Hugging Face.
    """
    from webapp.services.training.publishing import PublishingService

    return PublishingService(learning.versions, learning.snapshots, learning.records.audit, endpoint=endpoint)


def rescoring_service(learning: Learning, settings: Settings, detector: Detector) -> RescoringService:
    """Return the service that analyses stored media again with `detector`."""
    from webapp.services.analysis.rescoring import RescoringService

    records = learning.records
    return RescoringService(records.sessions, records.keeping, detector, frames=settings.frames)


def drill_analysis(learning: Learning, detector: Detector) -> AnalysisService:
    """Return an analysis service for a drill, which analyses one frame per clip."""
    from webapp.services.analysis.analysis_store import AnalysisStore
    from webapp.services.analysis.jobs import Jobs
    from webapp.services.analysis.service import AnalysisService

    records = learning.records
    return AnalysisService(
        detector, AnalysisStore(records.sessions, kept_media=records.keeping), Jobs(), frames=1
    )
