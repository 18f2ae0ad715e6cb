"""Counters of the house style: language, shapes, class names, mirrored tests, private members.

`python -m tests.style.measures [PATH ...]` lists every finding below the given paths (default: all).
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("laanet_core", "webapp", "spaces")
MAX_COLUMNS = 110
OLD_WORDS = re.compile(r"\b(whoever|whom|whomever|anew|nobody|somebody|told|held)\b", re.IGNORECASE)
INDIRECT_OPENERS = re.compile(
    r"(What|Whatever|Who|Whose|Which|Whether|How|Why|Where|When|Wherever"
    r"|Of|For|By|In|On|At|From|To|With|Without|As|Between|Under|Over|After|Before|About|Into|Through"
    r"|Beside|Besides|Beyond|Until|Since|During|Against|Among|Within|Above|Below|Like|If|That|Those|Here)\b"
)
CODE_SPAN = re.compile(r"`[^`]*`")
SHAPE = re.compile(
    r"\(\s*(?:[A-Z][A-Za-z0-9]*|\d+)(?:\s*[/*+]\s*\w+)?\s*,[^()]*(?:\([^()]*\)[^()]*)*\)|\bscalar\b"
)
ARRAY = re.compile(r"\b(NDArray|Tensor|RGBImage|FloatMap|Mask|Landmarks|ndarray)\b")


@dataclass(frozen=True)
class Finding:
    """One place that breaks a rule: path relative to the root, line counted from 1, rule and text."""

    path: str
    line: int
    rule: str
    text: str


def python_files(*folders: str) -> Iterator[Path]:
    """Yield the project's Python files below `folders`, sorted."""
    for folder in folders:
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def markdown_files() -> Iterator[Path]:
    """Yield the project's Markdown files, sorted."""
    skipped = {".venv", ".git", "artifacts", "node_modules", "runs", "data"}
    yield from sorted(path for path in ROOT.rglob("*.md") if not skipped & set(path.relative_to(ROOT).parts))


def relative(path: Path) -> str:
    """Return a path relative to the root."""
    return str(path.relative_to(ROOT))


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every docstring."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if (
            isinstance(node, kinds)
            and (text := ast.get_docstring(node))
            and isinstance(node.body[0], ast.Expr)
        ):
            yield node.body[0].lineno, text


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of a file's prose: docstrings and comments of Python, all of Markdown."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield from ((number, line) for number, line in enumerate(source.splitlines(), 1))
        return
    yield from docstrings(ast.parse(source))
    yield from comments(source)


def old_words() -> Iterator[Finding]:
    """Find old-fashioned words in docstrings, comments and documents; code spans in backticks are exempt."""
    for path in [*python_files(*PACKAGES, "tests"), ROOT / "app.py", *markdown_files()]:
        if path.parent == Path(__file__).parent:
            continue
        for line, text in prose(path):
            for match in OLD_WORDS.finditer(CODE_SPAN.sub("", text)):
                yield Finding(relative(path), line, "old-word", match.group(0))


def indirect_docstrings() -> Iterator[Finding]:
    """Find docstrings that open with an indirect question or a bare preposition."""
    for path in [*python_files(*PACKAGES, "tests"), ROOT / "app.py"]:
        for line, text in docstrings(ast.parse(path.read_text(encoding="utf-8"))):
            if INDIRECT_OPENERS.match(text):
                yield Finding(relative(path), line, "indirect-docstring", text.splitlines()[0])


def docstring_count() -> int:
    """Count the docstrings of the packages, the tests and `app.py`."""
    files = [*python_files(*PACKAGES, "tests"), ROOT / "app.py"]
    return sum(len(list(docstrings(ast.parse(path.read_text(encoding="utf-8"))))) for path in files)


def long_lines() -> Iterator[Finding]:
    """Find lines over 110 characters in code and Markdown. Table rows, code blocks and links are exempt."""
    web = [
        path
        for pattern in ("*.js", "*.css", "*.html", "*.jinja")
        for path in (ROOT / "webapp").rglob(pattern)
    ]
    for path in [*python_files(*PACKAGES, "tests"), ROOT / "app.py", *sorted(web)]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > MAX_COLUMNS:
                yield Finding(relative(path), number, "long-line", f"{len(line)} characters")
    for path in markdown_files():
        fenced = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            fenced ^= line.lstrip().startswith("```")
            exempt = fenced or line.lstrip().startswith(("|", "![", "<img")) or "](" in line
            if len(line) > MAX_COLUMNS and not exempt:
                yield Finding(relative(path), number, "long-line", f"{len(line)} characters")


def duplicate_classes() -> Iterator[Finding]:
    """Find class names that are defined more than once in the packages."""
    places: dict[str, list[tuple[str, int]]] = {}
    for file in python_files(*PACKAGES):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append((relative(file), node.lineno))
    for name, definitions in sorted(places.items()):
        if len(definitions) > 1:
            for path, line in definitions:
                yield Finding(path, line, "duplicate-class", name)


def trailing_comments() -> Iterator[Finding]:
    """Find comments that stand behind code on the same line; directives such as `noqa` are exempt."""
    for path in [*python_files(*PACKAGES), ROOT / "app.py"]:
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        for number, text in comments(source):
            directive = re.match(r"#\s*(noqa|type:|pragma|fmt:|ruff:)", text)
            shape = re.match(r"#\s*\(", text)
            if not directive and not shape and not lines[number - 1].lstrip().startswith("#"):
                yield Finding(relative(path), number, "trailing-comment", text)


@dataclass(frozen=True)
class ArrayFunction:
    """A public function with an array in its signature, and whether its docstring states a shape."""

    path: str
    line: int
    name: str
    states_shape: bool


def array_functions() -> Iterator[ArrayFunction]:
    """Yield the public functions and methods whose annotations name an array type."""
    for path in python_files(*PACKAGES):
        for owner, function in public_functions(ast.parse(path.read_text(encoding="utf-8"))):
            if not ARRAY.search(signature_types(function)):
                continue
            documented = ast.get_docstring(function) or ""
            if isinstance(owner, ast.ClassDef):
                documented += ast.get_docstring(owner) or ""
            states_shape = bool(SHAPE.search(documented))
            yield ArrayFunction(relative(path), function.lineno, function.name, states_shape)


def public_functions(module: ast.Module) -> Iterator[tuple[ast.Module | ast.ClassDef, ast.FunctionDef]]:
    """Yield the public functions of a module and of its public classes, each with its module or class."""
    owners: list[ast.Module | ast.ClassDef] = [module]
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    owners.extend(node for node in classes if not node.name.startswith("_"))
    for owner in owners:
        for node in owner.body:
            if isinstance(node, ast.FunctionDef):
                is_public = not node.name.startswith("_") or node.name == "__call__"
                if is_public:
                    yield owner, node


def signature_types(function: ast.FunctionDef) -> str:
    """Return the annotations of all arguments and of the result, as source text."""
    arguments = [*function.args.args, *function.args.kwonlyargs]
    annotations = [argument.annotation for argument in arguments]
    return " ".join(ast.unparse(part) for part in [*annotations, function.returns] if part)


def shapeless() -> Iterator[Finding]:
    """Find array-typed public functions whose docstring states no shape."""
    for function in array_functions():
        if not function.states_shape:
            yield Finding(function.path, function.line, "no-shape", function.name)


def modules() -> list[str]:
    """Return the modules that need a test of their own, as paths relative to the root."""
    names = []
    for path in python_files(*PACKAGES):
        name = relative(path)
        if path.name in ("__init__.py", "__main__.py") or "/migrations/" in name:
            continue
        names.append(name)
    return names


def mirrored_test(module: str) -> str:
    """Return the path of the test file that mirrors a module."""
    inner_path = module.removeprefix("laanet_core/")
    is_core = inner_path != module
    folder = "tests/core/" if is_core else "tests/"
    head, _, leaf = (folder + inner_path).rpartition("/")
    return f"{head}/test_{leaf}"


def unmirrored() -> Iterator[Finding]:
    """Find modules without a test at the mirrored path."""
    for module in modules():
        if not (ROOT / mirrored_test(module)).is_file():
            yield Finding(module, 1, "no-test", mirrored_test(module))


def private_members() -> Iterator[Finding]:
    """Find tests that touch private members of the packages: attributes, imports and patched names."""
    for path in python_files("tests"):
        if path.parent == Path(__file__).parent:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr):
                if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                    yield Finding(relative(path), node.lineno, "private-member", ast.unparse(node))
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES:
                for alias in node.names:
                    if alias.name.startswith("_"):
                        yield Finding(
                            relative(path), node.lineno, "private-member", f"{node.module}.{alias.name}"
                        )
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "setattr"
            ):
                for argument in node.args[:2]:
                    name = argument.value if isinstance(argument, ast.Constant) else ""
                    if isinstance(name, str) and re.search(r"(^|\.)_[a-zA-Z]", name):
                        yield Finding(relative(path), node.lineno, "private-member", name)


RULES = (
    old_words,
    indirect_docstrings,
    long_lines,
    duplicate_classes,
    trailing_comments,
    shapeless,
    unmirrored,
    private_members,
)


def main(paths: Sequence[str]) -> None:
    """Print the findings below `paths` and a count by rule."""
    for rule in RULES:
        findings = [one for one in rule() if not paths or one.path.startswith(tuple(paths))]
        for one in findings:
            print(f"{one.path}:{one.line}: {one.rule}: {one.text}")
        print(f"== {rule.__name__}: {len(findings)}")


if __name__ == "__main__":
    main(sys.argv[1:])
