"""The tables. No picture, file name or address of a visitor is in any of them. A change here needs a step in `migrations/versions`."""

from webapp.db.tables.analysis import Analysis, Face, Rescore
from webapp.db.tables.audit import AuditEntry, AuditHead
from webapp.db.tables.base import Base
from webapp.db.tables.feedback import Feedback, FeedbackTag, Region
from webapp.db.tables.fingerprint import Fingerprint
from webapp.db.tables.media import Consent, Media

__all__ = [
    "Analysis",
    "AuditEntry",
    "AuditHead",
    "Base",
    "Consent",
    "Face",
    "Feedback",
    "FeedbackTag",
    "Fingerprint",
    "Media",
    "Region",
    "Rescore",
]
