"""What the pages ask things of."""

from __future__ import annotations

from dataclasses import dataclass, field

from webapp.services.analysis import AnalysisService
from webapp.services.evidence import EvidenceService
from webapp.services.feedback import FeedbackService
from webapp.services.receipts import ReceiptService
from webapp.services.uploads import Uploads
from webapp.services.weights import STARTER, WeightsInUse
from webapp.settings import Settings


@dataclass(frozen=True)
class Services:
    """The application's services and the settings that the visitor should know."""

    analysis: AnalysisService
    feedback: FeedbackService
    receipts: ReceiptService
    evidence: EvidenceService
    uploads: Uploads
    settings: Settings
    weights: WeightsInUse = field(default=WeightsInUse(STARTER, STARTER))
