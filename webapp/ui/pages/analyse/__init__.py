"""The visitor's page: files in, a verdict per face out, how far to trust it, and what to do next."""

from __future__ import annotations

from webapp.texts import Texts
from webapp.ui.pages.analyse.handlers import QUEUE, connect, places
from webapp.ui.pages.analyse.layout import lay_out
from webapp.ui.services import Services

__all__ = ["QUEUE", "build", "places"]


def build(services: Services, texts: Texts) -> None:
    """Add the page, in one language, to the Blocks under construction."""
    connect(lay_out(services, texts), services, texts)
