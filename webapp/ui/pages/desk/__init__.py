"""Page of moderators: labelling cases; for admins also accounts, flags, the model and label quality."""

from webapp.ui.pages.desk.layout import build

__all__ = ["build"]
