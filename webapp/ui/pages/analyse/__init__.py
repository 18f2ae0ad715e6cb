"""Analysis page: upload, verdict per face, stability, report, link and feedback."""

from __future__ import annotations

from webapp.texts import Texts
from webapp.ui.pages.analyse.handlers import connect
from webapp.ui.pages.analyse.layout import build_layout
from webapp.ui.services import Services


def build(services: Services, texts: Texts) -> None:
    """Add the page, in one language, to the Blocks under construction."""
    connect(build_layout(services, texts), services, texts)
