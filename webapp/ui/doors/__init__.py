"""The moderators' way in: signing in and out, using a link, a second factor; and the guard before their desk. Plain pages, no Gradio."""

from webapp.ui.doors.guard import Door
from webapp.ui.doors.routes import PATHS, build

__all__ = ["PATHS", "Door", "build"]
