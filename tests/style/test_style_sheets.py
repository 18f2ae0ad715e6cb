"""Style sheets survive Gradio, which reads every rule and writes it again with longer selectors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SHEETS = sorted((ROOT / "webapp").rglob("*.css"))
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
# Properties that begin like a shorthand but are no part of it.
_OTHERS = {"border-radius", "outline-offset", "stroke-width", "stroke-dasharray"}


def lost_declarations(sheet: str) -> Iterator[str]:
    """Yield the shorthands with a variable that the same rule narrows: Chromium writes them as nothing."""
    for selector, body in _RULE.findall(re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)):
        pairs = [part.split(":", 1) for part in body.split(";") if ":" in part]
        names = [name.strip() for name, _ in pairs]
        for index, (_, value) in enumerate(pairs):
            narrower = {other for other in names[index + 1 :] if other.startswith(f"{names[index]}-")}
            if "var(" in value and narrower - _OTHERS:
                yield f"{selector.strip()}: {names[index]}"


def test_narrowed_shorthands_are_found() -> None:
    assert list(lost_declarations("a { border: 1px solid var(--b); border-left: 0 }")) == ["a: border"]
    assert list(lost_declarations("a { border: 1px solid red; border-left: 0 }")) == []
    assert list(lost_declarations("a { border: 1px solid var(--b); border-radius: 2px }")) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_no_declaration_is_lost(sheet: Path) -> None:
    assert list(lost_declarations(sheet.read_text(encoding="utf-8"))) == []
