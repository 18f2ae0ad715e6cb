"""The tables. No picture, file name or address of a visitor is in any of them. A change here needs a step in `migrations/versions`."""

from webapp.db.tables.account import Account, Link, SignedIn
from webapp.db.tables.analysis import (
    Analysis,
    Consent,
    Face,
    Feedback,
    FeedbackTag,
    Fingerprint,
    Media,
    Region,
    Rescore,
)
from webapp.db.tables.audit import AuditEntry, AuditHead
from webapp.db.tables.base import Base
from webapp.db.tables.case import (
    Case,
    CaseItem,
    Claim,
    Decision,
    Gold,
    Label,
    LabelRegion,
    LabelTag,
    RegionAgreement,
)
from webapp.db.tables.learning import ModelVersion, Snapshot, SnapshotItem, Succession, TuningRun
from webapp.db.tables.outbox import Outbox

__all__ = [
    "Account",
    "Analysis",
    "AuditEntry",
    "AuditHead",
    "Base",
    "Case",
    "CaseItem",
    "Claim",
    "Consent",
    "Decision",
    "Face",
    "Feedback",
    "FeedbackTag",
    "Fingerprint",
    "Gold",
    "Label",
    "LabelRegion",
    "LabelTag",
    "Link",
    "Media",
    "ModelVersion",
    "Outbox",
    "Region",
    "RegionAgreement",
    "Rescore",
    "SignedIn",
    "Snapshot",
    "SnapshotItem",
    "Succession",
    "TuningRun",
]
