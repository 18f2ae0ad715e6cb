"""What the pages ask things of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.services.accounts import AccountService, SignInService
from webapp.services.analysis import AnalysisService
from webapp.services.cases.claims import ClaimService
from webapp.services.cases.flags import FlagService
from webapp.services.cases.labelling import LabellingService
from webapp.services.cases.looking import LookingService
from webapp.services.cases.measures import MeasureService
from webapp.services.cases.showing import ShowingService
from webapp.services.evidence import EvidenceService
from webapp.services.feedback import FeedbackService
from webapp.services.learning.overseeing import OverseeingService
from webapp.services.receipts import ReceiptService
from webapp.services.uploads import Uploads
from webapp.services.weights import STARTER, WeightsInUse
from webapp.settings import Settings
from webapp.ui.presence import Presence

if TYPE_CHECKING:
    from webapp.ui.doors.membership import MemberDoor


@dataclass(frozen=True)
class Services:
    """The application's services and the settings that the visitor should know."""

    analysis: AnalysisService
    feedback: FeedbackService
    receipts: ReceiptService
    evidence: EvidenceService
    uploads: Uploads
    settings: Settings
    presence: Presence
    weights: WeightsInUse = field(default=WeightsInUse(STARTER, STARTER))


@dataclass(frozen=True)
class DeskServices:
    """What the moderators' desk asks things of; each checks the role of the person who asks.

    `by_membership` is another way in, where there is one; it gives out sessions that `signing` knows.
    """

    accounts: AccountService
    signing: SignInService
    claims: ClaimService
    labelling: LabellingService
    looking: LookingService
    showing: ShowingService
    flags: FlagService
    measures: MeasureService
    overseeing: OverseeingService
    settings: Settings
    by_membership: MemberDoor | None = None
