"""The moderators' side: cases, and the desk where they are settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from webapp.bootstrap.learning import Learning, overseeing
from webapp.bootstrap.membership import member_door
from webapp.bootstrap.records import Records, accounts
from webapp.bootstrap.tasks import OFTEN, SETTLED, TEN_MINUTES
from webapp.services.timer import Task
from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.services.cases.claims import ClaimService
    from webapp.services.cases.labelling import LabellingService
    from webapp.services.cases.measures import MeasureService
    from webapp.services.cases.reliability import ReliabilityService
    from webapp.services.cases.showing import KeptReader
    from webapp.services.cases.triage import Triage
    from webapp.services.current import CurrentDetector
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


def build_cases(records: Records, settings: Settings, detector: CurrentDetector) -> Cases:
    """What surrounds the moderators' cases; their desk takes `claims` and `labelling` from here."""
    from webapp.services.cases.artefacts import ArtefactService
    from webapp.services.cases.claims import ClaimService
    from webapp.services.cases.labelling import LabellingService
    from webapp.services.cases.log import CaseLog
    from webapp.services.cases.measures import MeasureService
    from webapp.services.cases.opening import Rules
    from webapp.services.cases.reliability import ReliabilityService
    from webapp.services.cases.triage import Triage
    from webapp.services.webhooks import WebhookService

    log, delay = CaseLog(records.audit, hooked=bool(settings.webhook_url)), timedelta(minutes=settings.decision_delay)
    rules = Rules(wanted=settings.labels, audit_share=settings.audit_share / 100, uncertain=settings.case_uncertain)
    triage = Triage(log, rules)
    artefacts = ArtefactService(records.sessions, records.keeping, detector, folder=settings.cache)
    tasks = [
        Task("opening cases", triage.sweep, every=TEN_MINUTES, first=SETTLED),
        Task("comparing heatmaps", artefacts.measure, every=TEN_MINUTES, first=2 * SETTLED),
    ]
    if settings.webhook_url:
        webhook = WebhookService(records.sessions, url=settings.webhook_url, secret=settings.webhook_secret)
        tasks.append(Task("the webhook", webhook.send, every=OFTEN, first=OFTEN))
    return Cases(
        triage,
        ClaimService(records.sessions, hold=timedelta(minutes=settings.claim_minutes), gold_share=settings.gold_share / 100),
        LabellingService(records.sessions, undo=delay, log=log),
        ReliabilityService(records.sessions, delay=delay),
        MeasureService(records.sessions),
        delay,
        tasks,
    )


def build_desk(
    records: Records, cases: Cases, learning: Learning, detector: CurrentDetector, reader: KeptReader, settings: Settings
) -> Desk:
    from webapp.services.accounts import SignInService
    from webapp.services.cases.flags import FlagService
    from webapp.services.cases.looking import LookingService
    from webapp.services.cases.showing import ShowingService
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
