"""Colours and fonts of all pages."""

from __future__ import annotations

import gradio as gr

# Button colours on which white text has a contrast of at least 4.5 (WCAG AA), in light and dark mode.
_BUTTONS = {
    "button_cancel_background_fill": "#b91c1c",
    "button_cancel_background_fill_hover": "#991b1b",
    "button_primary_background_fill": "*primary_700",
    "button_primary_background_fill_hover": "*primary_800",
}
# Colours of help texts, placeholders and checkbox borders that stand out from the background.
_READABLE = {
    "block_info_text_color": "*neutral_600",
    "block_info_text_color_dark": "*neutral_300",
    "checkbox_border_color": "*neutral_500",
    "checkbox_border_color_dark": "*neutral_400",
    "input_placeholder_color": "*neutral_500",
    "input_placeholder_color_dark": "*neutral_400",
}


def theme() -> gr.Theme:
    """Return Gradio's default theme with system fonts and more contrast."""
    default = gr.themes.Default(
        primary_hue="teal",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    dark_buttons = {f"{name}_dark": value for name, value in _BUTTONS.items()}
    return default.set(**_BUTTONS, **dark_buttons, **_READABLE)
