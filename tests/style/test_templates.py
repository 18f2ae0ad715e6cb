"""HTML belongs to templates: counter of string literals with tags in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.style.measures import ROOT, python_files, relative
from webapp.ui.templating import environment

TAG = re.compile(r"</?[a-z][a-z0-9-]*(\s[^<>]*)?/?>", re.IGNORECASE)
# Files that may have literals with tags, and the reason
ALLOWED = {"webapp/logs.py": "placeholders such as <file> for redacted values"}
# Ways to switch escaping off
UNSAFE = re.compile(r"\|\s*safe\b|autoescape\s+false")
# Templates that embed scripts of this project, which must not be escaped
EMBEDS_SCRIPTS = {"desk/head.jinja"}


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
        if not isinstance(node, ast.Constant) or id(node) in docstrings:
            continue
        if isinstance(node.value, str) and TAG.search(node.value):
            yield node.lineno, node.value


def test_python_has_no_html_literals() -> None:
    found = [
        f"{relative(path)}:{line}: {text[:80]!r}"
        for path in python_files("webapp")
        if relative(path) not in ALLOWED
        for line, text in literals_with_tags(path)
    ]
    assert found == []


def test_templates_escape_every_value() -> None:
    folder = ROOT / "webapp/ui/templates"
    unsafe = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.jinja")
        if UNSAFE.search(path.read_text(encoding="utf-8"))
    }
    assert unsafe <= EMBEDS_SCRIPTS


def test_every_template_compiles() -> None:
    names = environment().list_templates()
    assert len(names) > 20
    for name in names:
        environment().get_template(name)
