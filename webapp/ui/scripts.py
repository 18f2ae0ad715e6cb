"""Our scripts of the pages, which run beside Gradio's."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from webapp.ui.templating import render

_HERE = Path(__file__).parent
# The desk loads this script too.
PAINTING = _HERE / "painting.js"


def public() -> str:
    """Return all scripts of the public pages, one after the other."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in (PAINTING, _HERE / "region.js", _HERE / "page.js")
    )


def script_element(code: str) -> Markup:
    """Return a script element. Raises ValueError if `code` would end the element."""
    if "</script" in code.lower():
        raise ValueError("the code ends its own script element")
    return render("script.jinja", code=Markup(code))
