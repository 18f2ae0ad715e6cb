"""The moderators' page: the work on cases, and for admins the people and what was flagged."""

from webapp.ui.pages.desk.layout import build

__all__ = ["build"]
