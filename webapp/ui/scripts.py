"""What runs in the browser, beside Gradio's own."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
INK = _HERE / "ink.js"


def public() -> str:
    """All scripts of the public pages, one after the other."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in (INK, _HERE / "marking.js", _HERE / "page.js")
    )
