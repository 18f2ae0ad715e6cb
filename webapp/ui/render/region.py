"""Canvas on which a visitor marks a region; `region.js` puts the result's image under it."""

from __future__ import annotations

from markupsafe import Markup

from webapp.texts import Texts
from webapp.ui.templating import render


def region_canvas(texts: Texts) -> Markup:
    """Return the canvas with its buttons and its status line."""
    return render("region.jinja", texts=texts)
