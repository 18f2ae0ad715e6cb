"""The moderators' side: cases, and the desk where they are settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from webapp.bootstrap.learning import Learning, overseeing
from webapp.bootstrap.membership import member_door
from webapp.bootstrap.records import Records, accounts
from webapp.bootstrap.tasks import DAY, OFTEN, SETTLED, TEN_MINUTES
from webapp.services.operations.scheduler import Task
from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.services.label_quality.score_reliability import ReliabilityService
    from webapp.services.label_quality.service import MeasureService
    from webapp.services.model_registry.serving import CurrentDetector
    from webapp.services.moderation.case_images import KeptReader
    from webapp.services.moderation.claims import ClaimService
    from webapp.services.moderation.labelling import LabellingService
    from webapp.services.moderation.ranking import Rules
    from webapp.services.moderation.triage import Triage
    from webapp.ui.desk import Desk


@dataclass(frozen=True)
class Cases:
    """The services around the moderators' cases. `delay`: for how long a decision may be undone; `tasks`: what is done by the clock."""

    triage: Triage
    claims: ClaimService
    labelling: LabellingService
    reliability: ReliabilityService
    measures: MeasureService
    delay: timedelta
    tasks: list[Task]


def rules_of(settings: Settings) -> Rules:
    """What makes a case, and which comes first."""
    from webapp.services.moderation.ranking import Rules

    return Rules(
        wanted=settings.labels,
        age=timedelta(days=settings.case_age),
        audit_share=settings.audit_share / 100,
        uncertain=settings.case_uncertain,
    )


def build_cases(records: Records, settings: Settings, detector: CurrentDetector) -> Cases:
    """What surrounds the moderators' cases; their desk takes `claims` and `labelling` from here."""
    from webapp.services.label_quality.heatmap_agreement import ArtefactService
    from webapp.services.label_quality.score_reliability import ReliabilityService
    from webapp.services.label_quality.service import MeasureService
    from webapp.services.moderation.case_events import CaseLog
    from webapp.services.moderation.claims import ClaimService
    from webapp.services.moderation.labelling import LabellingService
    from webapp.services.moderation.triage import Triage
    from webapp.services.operations.webhooks import WebhookService

    log, delay = (
        CaseLog(records.audit, hooked=bool(settings.webhook_url)),
        timedelta(minutes=settings.decision_delay),
    )
    triage = Triage(log, rules_of(settings))
    artefacts = ArtefactService(records.sessions, records.keeping, detector, folder=settings.cache)
    tasks = [
        Task("opening cases", triage.sweep, every=TEN_MINUTES, first=SETTLED),
        Task("ranking the cases", triage.rank_anew, every=DAY, first=0),
        Task("comparing heatmaps", artefacts.measure, every=TEN_MINUTES, first=2 * SETTLED),
    ]
    if settings.webhook_url:
        webhook = WebhookService(records.sessions, url=settings.webhook_url, secret=settings.webhook_secret)
        tasks.append(Task("the webhook", webhook.send, every=OFTEN, first=OFTEN))
    return Cases(
        triage,
        ClaimService(
            records.sessions,
            hold=timedelta(minutes=settings.claim_minutes),
            gold_share=settings.gold_share / 100,
        ),
        LabellingService(records.sessions, undo=delay, log=log),
        ReliabilityService(records.sessions, delay=delay),
        MeasureService(records.sessions),
        delay,
        tasks,
    )


def build_desk(
    records: Records,
    cases: Cases,
    learning: Learning,
    detector: CurrentDetector,
    reader: KeptReader,
    settings: Settings,
) -> Desk:
    from webapp.services.accounts import SignInService
    from webapp.services.moderation.case_images import ShowingService
    from webapp.services.moderation.case_views import LookingService
    from webapp.services.moderation.flags import FlagService
    from webapp.ui.desk import Desk
    from webapp.ui.services import DeskServices

    sessions, looking = records.sessions, LookingService(records.sessions)
    services = DeskServices(
        accounts(records),
        SignInService(sessions, records.audit),
        cases.claims,
        cases.labelling,
        looking,
        ShowingService(looking, records.keeping, detector, reader),
        FlagService(sessions, records.audit),
        cases.measures,
        overseeing(learning, settings, lambda: detector.info.version),
        settings,
        member_door(records, settings),
    )
    return Desk(services)
