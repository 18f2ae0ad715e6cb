"""Services that the pages call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.services.accounts import AccountService, SignInService
from webapp.services.analysis.service import AnalysisService
from webapp.services.label_quality.drift import DriftAlarm
from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.services.label_quality.service import LabelQualityService
from webapp.services.model_registry.startup_weights import STARTER, WeightsInUse
from webapp.services.moderation.case_history import CaseHistoryService
from webapp.services.moderation.case_images import CaseImageService
from webapp.services.moderation.case_list import CaseListService
from webapp.services.moderation.case_search import CaseSearchService
from webapp.services.moderation.case_views import CaseViewService
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.flags import FlagService
from webapp.services.moderation.labelling import LabellingService
from webapp.services.results.evidence import EvidenceService
from webapp.services.results.feedback import FeedbackService
from webapp.services.results.receipts import ReceiptService
from webapp.services.results.stored_evidence import StoredEvidenceService
from webapp.services.results.verification import VerificationService
from webapp.services.storage.uploads import Uploads
from webapp.services.training.admin import LearningAdminService
from webapp.settings import Settings
from webapp.ui.page_presence import Presence

if TYPE_CHECKING:
    from webapp.ui.auth.hugging_face import HuggingFaceSignIn


@dataclass(frozen=True)
class Services:
    """Services of the public pages, and the settings that visitors see."""

    analysis: AnalysisService
    feedback: FeedbackService
    receipts: ReceiptService
    evidence: EvidenceService
    verification: VerificationService
    uploads: Uploads
    settings: Settings
    presence: Presence
    stored_evidence: StoredEvidenceService
    weights: WeightsInUse = field(default=WeightsInUse(wanted=STARTER, used=STARTER))


@dataclass(frozen=True)
class DeskServices:
    """Services of the moderators' desk; each checks the role of the person who calls it.

    `hugging_face` signs members of an organisation in, if the host offers it; `signing` knows their sessions.
    """

    accounts: AccountService
    signing: SignInService
    claims: ClaimService
    labelling: LabellingService
    case_views: CaseViewService
    case_images: CaseImageService
    case_list: CaseListService
    case_search: CaseSearchService
    case_history: CaseHistoryService
    flags: FlagService
    label_quality: LabelQualityService
    model_measures: ModelMeasureService
    drift: DriftAlarm
    learning: LearningAdminService
    settings: Settings
    hugging_face: HuggingFaceSignIn | None = None
