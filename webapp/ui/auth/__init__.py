"""The moderators' way in: signing in and out, using a link, a second factor; and the guard before their desk. Plain pages, no Gradio."""

from webapp.ui.auth.routes import PATHS, build
from webapp.ui.auth.session_guard import Door

__all__ = ["PATHS", "Door", "build"]
