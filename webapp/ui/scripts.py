"""Scripts of the pages, in addition to Gradio's own."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
# The desk uses it too
PAINTING = _HERE / "painting.js"


def public() -> str:
    """Return all scripts of the public pages, one after the other."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in (PAINTING, _HERE / "region.js", _HERE / "page.js")
    )
