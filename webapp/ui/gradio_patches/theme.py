"""Colours and letters of all pages."""

from __future__ import annotations

import gradio as gr


def theme() -> gr.Theme:
    made = gr.themes.Default(
        primary_hue="teal",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    dark_enough = {
        "button_cancel_background_fill": "#b91c1c",
        "button_cancel_background_fill_hover": "#991b1b",
        "button_primary_background_fill": "*primary_700",
        "button_primary_background_fill_hover": "*primary_800",
    }
    readable = {"block_info_text_color": "*neutral_600", "block_info_text_color_dark": "*neutral_300"}
    outlined = {"checkbox_border_color": "*neutral_500", "checkbox_border_color_dark": "*neutral_400"}
    return made.set(
        **dark_enough,
        **{f"{name}_dark": value for name, value in dark_enough.items()},
        **readable,
        **outlined,
    )
