"""Tests of the canvas for a region."""

from __future__ import annotations

from webapp.texts import LANGUAGES
from webapp.ui.render.region import region_canvas


def test_the_canvas_has_what_its_script_needs() -> None:
    html = region_canvas(LANGUAGES["en"])
    for part in ("<canvas>", 'data-do="box"', 'data-do="clear"', 'role="status"', "data-none=", "data-some="):
        assert part in html
