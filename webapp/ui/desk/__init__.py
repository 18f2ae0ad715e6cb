"""Moderators' desk as an application of its own: sign-in, page, and the JSON that the page fetches."""

from webapp.ui.desk.site import CALLS, DESK, Desk

__all__ = ["CALLS", "DESK", "Desk"]
