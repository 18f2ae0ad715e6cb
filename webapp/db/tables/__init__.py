"""Tables of the database.

No table contains an image, a file name or an address of a visitor. A change of the schema needs a migration.
"""

from webapp.db.tables.account import Account, AccountSession, Link
from webapp.db.tables.analysis import (
    Analysis,
    Consent,
    Face,
    Feedback,
    FeedbackRegion,
    FeedbackTag,
    Fingerprint,
    ImportedFile,
    Media,
    Rescore,
    SegmentRow,
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
from webapp.db.tables.learning import ChampionChange, ModelVersion, Snapshot, SnapshotItem, TuningRun
from webapp.db.tables.outbox import OutboxMessage

__all__ = [
    "Account",
    "AccountSession",
    "Analysis",
    "AuditEntry",
    "AuditHead",
    "Base",
    "Case",
    "CaseItem",
    "ChampionChange",
    "Claim",
    "Consent",
    "Decision",
    "Face",
    "Feedback",
    "FeedbackRegion",
    "FeedbackTag",
    "Fingerprint",
    "Gold",
    "ImportedFile",
    "Label",
    "LabelRegion",
    "LabelTag",
    "Link",
    "Media",
    "ModelVersion",
    "OutboxMessage",
    "RegionAgreement",
    "Rescore",
    "SegmentRow",
    "Snapshot",
    "SnapshotItem",
    "TuningRun",
]
