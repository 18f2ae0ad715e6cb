"""Table of all settings for the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from webapp.settings.base import ROOT, bounds_of
from webapp.settings.installation import CONFIGURABLE, variable_of


def settings_table() -> str:
    """Return all variables as a Markdown table: name, default, values, meaning."""
    rows = ["| variable | default | values | meaning |", "|---|---|---|---|"]
    for name, info in CONFIGURABLE.items():
        cells = (f"`{variable_of(name)}`", _default_text(info), _allowed_values(info), info.description or "")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _allowed_values(info: FieldInfo) -> str:
    """Return the allowed values of a field as a cell of the table; empty if any text is allowed."""
    if get_origin(info.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(info.annotation))
    least, most = bounds_of(info)
    return "" if least is None else f"{least} to {most}"


def _default_text(info: FieldInfo) -> str:
    """Return the default as its variable spells it; empty if there is none or the description states it."""
    default = info.default
    if info.default_factory is not None or default in ("", (), None):
        return ""
    if isinstance(default, Path):
        return f"`{default.relative_to(ROOT)}/`"
    text = " ".join(default) if isinstance(default, tuple) else default
    return f"`{text}`" if isinstance(text, str) else f"{text:g}"
