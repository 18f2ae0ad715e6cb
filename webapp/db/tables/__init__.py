"""The tables. No picture, file name or address of a visitor is in any of them. A change here needs a step in `migrations/versions`."""

from webapp.db.tables.account import Account, Link, SignedIn
from webapp.db.tables.analysis import Analysis, Face, Rescore
from webapp.db.tables.base import Base
from webapp.db.tables.feedback import Feedback, FeedbackTag, Region

__all__ = ["Account", "Analysis", "Base", "Face", "Feedback", "FeedbackTag", "Link", "Region", "Rescore", "SignedIn"]
