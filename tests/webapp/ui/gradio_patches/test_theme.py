"""Tests of the colours: enough contrast for text on buttons (WCAG AA)."""

from __future__ import annotations

import re

from webapp.ui.gradio_patches.theme import theme


def luminance(colour: str) -> float:
    """Return the relative luminance of "#rrggbb"."""
    values = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", colour)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_white_text_on_dark_buttons_can_be_read() -> None:
    made = theme()
    for colour in (made.button_cancel_background_fill, made.primary_700, made.primary_800):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_dark_mode_has_the_same_buttons() -> None:
    made = theme()
    assert made.button_primary_background_fill_dark == made.button_primary_background_fill


def test_placeholders_can_be_read() -> None:
    made = theme()
    assert (made.input_placeholder_color, made.input_placeholder_color_dark) == (
        "*neutral_500",
        "*neutral_400",
    )
    assert (made.input_background_fill, made.input_background_fill_dark) == ("white", "*neutral_800")
    for text, background in ((made.neutral_500, "#ffffff"), (made.neutral_400, made.neutral_800)):
        light, dark = sorted((luminance(text), luminance(background)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
