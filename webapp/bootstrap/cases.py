"""Construction of the moderators' services and desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from webapp.bootstrap.learning import Learning, learning_admin
from webapp.bootstrap.membership import hugging_face_sign_in
from webapp.bootstrap.records import Records, accounts
from webapp.bootstrap.tasks import DAY, HEAVY_TASK_DELAY, HOUR, SHORT_INTERVAL, TEN_MINUTES
from webapp.services.operations.scheduler import ScheduledTask
from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.media.decoding.process_pool import DecoderPool
    from webapp.services.label_quality.drift import DriftAlarm
    from webapp.services.label_quality.model_measures import ModelMeasureService
    from webapp.services.label_quality.score_reliability import ScoreReliabilityService
    from webapp.services.label_quality.service import LabelQualityService
    from webapp.services.model_registry.serving import CurrentDetector
    from webapp.services.moderation.claims import ClaimService
    from webapp.services.moderation.labelling import LabellingService
    from webapp.services.moderation.ranking import TriageRules
    from webapp.services.moderation.triage import Triage
    from webapp.ui.desk import Desk


@dataclass(frozen=True)
class Cases:
    """Services around cases.

    `delay`: period in which a decision can be undone. `tasks`: scheduled tasks of these services.
    """

    triage: Triage
    claims: ClaimService
    labelling: LabellingService
    reliability: ScoreReliabilityService
    label_quality: LabelQualityService
    model_measures: ModelMeasureService
    drift: DriftAlarm
    delay: timedelta
    tasks: list[ScheduledTask]


def rules_of(settings: Settings) -> TriageRules:
    """Return the rules that open and rank cases."""
    from webapp.services.moderation.ranking import TriageRules

    return TriageRules(
        wanted=settings.labels,
        age=timedelta(days=settings.case_age),
        audit_share=settings.audit_share / 100,
        uncertain=settings.case_uncertain,
    )


def build_cases(records: Records, settings: Settings, detector: CurrentDetector) -> Cases:
    """Build the services around cases and their scheduled tasks."""
    from webapp.services.label_quality.drift import DriftAlarm
    from webapp.services.label_quality.heatmap_agreement import HeatmapAgreementService
    from webapp.services.label_quality.model_measures import ModelMeasureService
    from webapp.services.label_quality.score_reliability import ScoreReliabilityService
    from webapp.services.label_quality.service import LabelQualityService
    from webapp.services.moderation.case_events import CaseEvents
    from webapp.services.moderation.claims import ClaimService
    from webapp.services.moderation.labelling import LabellingService
    from webapp.services.moderation.triage import Triage
    from webapp.services.operations.webhooks import WebhookSender

    events = CaseEvents(records.audit, webhook=bool(settings.webhook_url))
    delay = timedelta(minutes=settings.decision_delay)
    triage = Triage(events, rules_of(settings))
    heatmap_agreement = HeatmapAgreementService(
        records.sessions, records.keeping, detector, folder=settings.cache
    )
    model_measures = ModelMeasureService(
        records.sessions, delay=delay, is_public=settings.public_measures == "on"
    )
    drift = DriftAlarm(
        records.audit,
        model_measures,
        lambda: detector.info,
        bands=settings.promised_bands,
        webhook=bool(settings.webhook_url),
    )
    tasks = [
        ScheduledTask("opening cases", triage.sweep, every=TEN_MINUTES, first=HEAVY_TASK_DELAY),
        ScheduledTask("ranking the cases", triage.rerank_all, every=DAY, first=0),
        # The comparison runs the detector, so it starts after the other heavy tasks.
        ScheduledTask(
            "comparing heatmaps",
            heatmap_agreement.compare_pending,
            every=TEN_MINUTES,
            first=2 * HEAVY_TASK_DELAY,
        ),
    ]
    if settings.promised_bands:
        tasks.append(ScheduledTask("the drift alarm", drift.check, every=HOUR, first=SHORT_INTERVAL))
    if settings.webhook_url:
        webhook = WebhookSender(records.sessions, url=settings.webhook_url, secret=settings.webhook_secret)
        tasks.append(ScheduledTask("the webhook", webhook.send, every=SHORT_INTERVAL, first=SHORT_INTERVAL))
    claims = ClaimService(
        records.sessions,
        hold=timedelta(minutes=settings.claim_minutes),
        gold_share=settings.gold_share / 100,
    )
    return Cases(
        triage=triage,
        claims=claims,
        labelling=LabellingService(events, undo=delay),
        reliability=ScoreReliabilityService(records.sessions, delay=delay),
        label_quality=LabelQualityService(records.sessions),
        model_measures=model_measures,
        drift=drift,
        delay=delay,
        tasks=tasks,
    )


def build_desk(
    records: Records,
    cases: Cases,
    learning: Learning,
    detector: CurrentDetector,
    reader: DecoderPool,
    settings: Settings,
) -> Desk:
    """Build the moderators' site."""
    from webapp.services.accounts import SignInService
    from webapp.services.moderation.case_history import CaseHistoryService
    from webapp.services.moderation.case_images import CaseImageService
    from webapp.services.moderation.case_list import CaseListService
    from webapp.services.moderation.case_search import CaseSearchService
    from webapp.services.moderation.case_views import CaseViewService
    from webapp.services.moderation.flags import FlagService
    from webapp.ui.desk import Desk
    from webapp.ui.services import DeskServices

    sessions = records.sessions
    case_views = CaseViewService(sessions, undo=cases.delay)
    services = DeskServices(
        accounts=accounts(records),
        signing=SignInService(sessions, records.audit),
        claims=cases.claims,
        labelling=cases.labelling,
        case_views=case_views,
        case_images=CaseImageService(case_views, records.keeping, detector, reader),
        case_list=CaseListService(sessions, undo=cases.delay),
        case_search=CaseSearchService(sessions, reader, frames=settings.frames, undo=cases.delay),
        case_history=CaseHistoryService(sessions, undo=cases.delay),
        flags=FlagService(sessions, records.audit),
        label_quality=cases.label_quality,
        model_measures=cases.model_measures,
        drift=cases.drift,
        learning=learning_admin(learning, settings, lambda: detector.info.version),
        settings=settings,
        hugging_face=hugging_face_sign_in(records, settings),
    )
    return Desk(services)
