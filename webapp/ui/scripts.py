"""Our scripts of the pages, which run beside Gradio's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from webapp.ui.templating import render

_FOLDER = Path(__file__).with_name("javascript")
# The desk loads this script too.
PAINTING = _FOLDER / "painting.js"
# In the order in which they run.
_SCRIPTS = (
    "notice.js",
    "results.js",
    "connection.js",
    "job.js",
    "my_results.js",
    "camera.js",
    "painting.js",
    "region.js",
    "picture.js",
    "player.js",
    "timeline.js",
    "paste.js",
    "upload.js",
    "examples.js",
    "focus.js",
    "links.js",
    "accessibility.js",
)


def public(constants: Mapping[str, Any]) -> str:
    """Return all scripts of the public pages, one after the other; `window.lens` has the constants."""
    # JSON without "<" is safe inside a script element.
    literal = json.dumps(constants).replace("<", "\\u003c")
    scripts = [(_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return "\n".join([f"window.lens = {literal};", *scripts])


def script_element(code: str) -> Markup:
    """Return a script element. Raises ValueError if `code` would end the element."""
    if "</script" in code.lower():
        raise ValueError("the code ends its own script element")
    return render("script.jinja", code=Markup(code))
