"""Sign-in of moderators and admins: pages, session cookies, and the guard before their desk. No Gradio."""

from webapp.ui.auth.routes import SIGN_IN_PATHS, build_routes
from webapp.ui.auth.session_guard import SessionGuard

__all__ = ["SIGN_IN_PATHS", "SessionGuard", "build_routes"]
