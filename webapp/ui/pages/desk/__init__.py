"""Page of moderators: labelling cases; for admins also accounts, flags, the model and label quality."""

from webapp.ui.pages.desk.layout import build

# Scripts of the page in the order in which they run.
SCRIPTS = ("desk_page.js", "desk_media.js", "desk_label.js", "desk.js", "model.js")

__all__ = ["SCRIPTS", "build"]
