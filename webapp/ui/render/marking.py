"""The sheet on which a visitor marks a place: `marking.js` puts the answer's picture under it."""

from __future__ import annotations

from html import escape

from webapp.texts import Texts


def sheet(texts: Texts) -> str:
    return (
        f"<div class='lens-mark'><p class='lens-help'>{escape(texts.region_help)}</p>"
        "<div class='lens-mark-sheet'><img alt=''><canvas></canvas></div>"
        f"<p><button type='button' data-do='box' class='lens-tour'>{escape(texts.region_box)}</button> "
        f"<button type='button' data-do='clear' class='lens-tour'>{escape(texts.region_clear)}</button></p>"
        f"<p role='status' class='lens-help' data-none='{escape(texts.region_none)}' data-some='{escape(texts.region_some)}'></p></div>"
    )
