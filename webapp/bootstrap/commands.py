"""Services that only the commands of `python -m webapp` need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from webapp.bootstrap.cases import rules_of
from webapp.bootstrap.detector import open_decoders, open_trust_list, present_detector
from webapp.bootstrap.learning import Learning, open_learning
from webapp.bootstrap.records import Records, open_records
from webapp.settings import Settings

if TYPE_CHECKING:
    from laanet_core.inference.detector import Detector
    from webapp.services.analysis.rescoring import RescoringService
    from webapp.services.analysis.service import AnalysisService
    from webapp.services.imports.service import ImportService
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


@contextmanager
def open_import(settings: Settings) -> Iterator[ImportService]:
    """Yield the service that imports files, with one decoder, the champion and the rules of the server.

    Raises the errors of `open_learning` and LaanetError.
    """
    from webapp.services.imports.service import ImportService
    from webapp.services.moderation.case_events import CaseEvents
    from webapp.services.moderation.triage import Triage
    from webapp.services.storage.uploads import visits_folder

    with open_decoders(settings, open_trust_list(settings), most=1) as decoders:
        records = open_records(settings, upgrade=False, strip=decoders.bare)
        with open_learning(settings, records, decoders) as learning:
            events = CaseEvents(records.audit, webhook=bool(settings.webhook_url))
            yield ImportService(
                records.sessions,
                records.audit,
                records.keeping,
                present_detector(settings, learning),
                frames=settings.frames,
                max_bytes=settings.max_upload_mb * 1_000_000,
                # The server deletes what an import that was killed leaves there.
                folder=visits_folder(settings.cache),
                on_stored=Triage(events, rules_of(settings)).process,
            )


def drill_analysis(learning: Learning, detector: Detector) -> AnalysisService:
    """Return an analysis service for a drill, which analyses one frame per clip."""
    from webapp.services.analysis.analysis_store import AnalysisStore
    from webapp.services.analysis.jobs import Jobs
    from webapp.services.analysis.service import AnalysisService

    records = learning.records
    return AnalysisService(
        detector, AnalysisStore(records.sessions, kept_media=records.keeping), Jobs(), frames=1
    )
