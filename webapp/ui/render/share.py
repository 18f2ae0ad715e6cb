"""Ways to share a result: the QR code of its link, and print."""

from __future__ import annotations

from markupsafe import Markup

from webapp.texts import Texts
from webapp.ui.render.qr_code import qr_code
from webapp.ui.templating import render


def share(link: str, texts: Texts) -> Markup:
    """Return the folded QR code of a link and the button that prints the page; "" without a link."""
    if not link:
        return Markup("")
    return render("share.jinja", code=qr_code(link), texts=texts.device)
