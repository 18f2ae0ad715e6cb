"""Comparison of the diagram in CONTRIBUTING.md with the imports of the library."""

from __future__ import annotations

import ast
import re

from tests.style.measures import ROOT, python_files, relative

ARROW = re.compile(r"^\s*(\w+) --> (\w+)$", re.MULTILINE)
Edges = dict[str, set[str]]


def package_imports() -> Edges:
    """Return, for each package of the library, the packages that its modules import."""
    edges: Edges = {}
    for path in python_files("laanet_core"):
        parts = relative(path).split("/")
        if len(parts) < 3:
            continue
        targets = edges.setdefault(parts[1], set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("laanet_core."):
                target = node.module.split(".")[1]
                if target != parts[1] and (ROOT / "laanet_core" / target).is_dir():
                    targets.add(target)
    return edges


def reachable(edges: Edges, start: str) -> set[str]:
    """Return the packages that `start` imports directly or through others."""
    pending, seen = list(edges.get(start, ())), set[str]()
    while pending:
        package = pending.pop()
        if package not in seen:
            seen.add(package)
            pending.extend(edges.get(package, ()))
    return seen


def reduced(edges: Edges) -> Edges:
    """Drop every arrow that other arrows imply."""
    return {
        package: {
            target
            for target in targets
            if not any(target in reachable(edges, other) for other in targets - {target})
        }
        for package, targets in edges.items()
    }


def test_the_diagram_shows_the_imports() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn: Edges = {}
    for source, target in ARROW.findall(text):
        drawn.setdefault(source, set()).add(target)
    actual = {package: targets for package, targets in reduced(package_imports()).items() if targets}
    assert drawn == actual


def test_the_map_names_every_package() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for folder in ("laanet_core", "webapp"):
        for path in (ROOT / folder).iterdir():
            if (path / "__init__.py").is_file():
                assert f"`{folder}/{path.name}`" in text, f"{folder}/{path.name} is missing on the map"
