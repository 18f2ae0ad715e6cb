"""HTML belongs to templates: counter of string literals with tags in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import nodes

from tests.style.measures import ROOT, python_files, relative
from webapp.ui.templating import environment

TAG = re.compile(r"</?[a-z][a-z0-9-]*(\s[^<>]*)?/?>", re.IGNORECASE)
# Files that may have literals with tags, and the reason
ALLOWED: dict[str, str] = {}
# Filters and attributes that switch escaping off
UNSAFE = re.compile(r"\|\s*safe\b|autoescape\s+false|Markup\(")


def literals_with_tags(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string literal with a tag, except docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            if TAG.search(node.value):
                yield node.lineno, node.value


def test_python_has_no_html_literals() -> None:
    found = [
        f"{relative(path)}:{line}: {text[:80]!r}"
        for path in python_files("webapp")
        if relative(path) not in ALLOWED
        for line, text in literals_with_tags(path)
    ]
    assert found == []


def test_templates_never_switch_escaping_off() -> None:
    templates = [environment().loader.get_source(environment(), name)[0] for name in environment().list_templates()]  # type: ignore[union-attr]
    assert templates
    for source in templates:
        assert not UNSAFE.search(source)
