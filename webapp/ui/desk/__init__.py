"""The moderators' desk as an application of its own: its doors, its page, and the plain JSON that the page asks for."""

from webapp.ui.desk.site import CALLS, DESK, Desk

__all__ = ["CALLS", "DESK", "Desk"]
