"""Style sheets of the public pages: every colour and size of type is a value of the style guide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.style.measures import ROOT
from webapp.ui.server import STYLES

TOKENS = ROOT / "webapp/ui/styles/tokens.css"
GUIDE = (ROOT / "docs/style-guide.md").read_text(encoding="utf-8")
COLOUR = re.compile(r":[^;{]*(#[0-9a-fA-F]{3,8}\b)[^;{]*;")
TYPE_SIZE = re.compile(r"font-size:(?!\s*(?:var\(|0;|clamp|\d+px))[^;]+;")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
# Properties that begin like a shorthand but are no part of it.
OTHERS = {"border-radius", "outline-offset", "stroke-width", "stroke-dasharray"}
# Longest style sheet, in lines
MAX_LINES = 400


def declarations(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line number and text of every line with a declaration."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.rstrip().endswith(";"):
            yield number, line.strip()


def lost_declarations(sheet: str) -> Iterator[str]:
    """Yield the shorthands with a variable that the same rule narrows.

    Gradio writes every rule again with longer selectors, and Chromium writes such a shorthand as nothing.
    """
    for selector, body in RULE.findall(re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)):
        pairs = [part.split(":", 1) for part in body.split(";") if ":" in part]
        names = [name.strip() for name, _ in pairs]
        for index, (_, value) in enumerate(pairs):
            narrower = {other for other in names[index + 1 :] if other.startswith(f"{names[index]}-")}
            if "var(" in value and narrower - OTHERS:
                yield f"{selector.strip()}: {names[index]}"


def test_all_style_sheets_are_served() -> None:
    assert set(STYLES) == set(TOKENS.parent.glob("*.css"))


def test_only_the_tokens_have_colours_and_sizes_of_type() -> None:
    found = [
        f"{path.name}:{number}: {line}"
        for path in STYLES
        if path != TOKENS
        for number, line in declarations(path)
        if COLOUR.search(line) or TYPE_SIZE.search(line)
    ]
    assert found == []


def test_every_value_is_used_and_in_the_style_guide() -> None:
    names = set(re.findall(r"^\s*(--lens-[\w-]+):", TOKENS.read_text(encoding="utf-8"), re.MULTILINE))
    others = "".join(path.read_text(encoding="utf-8") for path in STYLES if path != TOKENS)
    assert {name for name in names if f"var({name})" not in others} == set()
    groups = ("--lens-space-", "--lens-line-")
    missing = {name for name in names if f"`{name}`" not in GUIDE and not name.startswith(groups)}
    assert missing == set()


def test_a_style_sheet_has_one_topic() -> None:
    assert {path.name for path in STYLES if len(path.read_text().splitlines()) > MAX_LINES} == set()


def test_narrowed_shorthands_are_found() -> None:
    assert list(lost_declarations("a { border: 1px solid var(--b); border-left: 0 }")) == ["a: border"]
    assert list(lost_declarations("a { border: 1px solid red; border-left: 0 }")) == []
    assert list(lost_declarations("a { border: 1px solid var(--b); border-radius: 2px }")) == []


@pytest.mark.parametrize("sheet", sorted((ROOT / "webapp").rglob("*.css")), ids=lambda path: path.name)
def test_no_declaration_is_lost(sheet: Path) -> None:
    assert list(lost_declarations(sheet.read_text(encoding="utf-8"))) == []
