"""Import rules: layers of packages, circles, the environment and the construction of services."""

from __future__ import annotations

import ast
import functools
import graphlib
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Bottom up: a package imports itself and packages on lines above it.
# Modules directly in a top-level package count as packages.
# `media` to `cli` and `modeling` to `evaluation` are two chains that meet in `training`.
LAYERS = """
    laanet_core.errors laanet_core.types laanet_core.results laanet_core.decision
    laanet_core.media
    laanet_core.faces
    laanet_core.data laanet_core.modeling
    laanet_core.training laanet_core.runtimes
    laanet_core.inference
    laanet_core.evaluation
    laanet_core.cli
    webapp.domain
    webapp.settings
    webapp.logs webapp.security webapp.db webapp.media webapp.texts
    webapp.services.audit
    webapp.services.storage
    webapp.services.analysis_records
    webapp.services.accounts
    webapp.services.model_registry
    webapp.services.analysis
    webapp.services.imports
    webapp.services.moderation
    webapp.services.training
    webapp.services.label_quality
    webapp.services.operations
    webapp.services.drills
    webapp.services.reports
    webapp.services.results
    webapp.examples
    webapp.ui
    webapp.zerogpu
    webapp.bootstrap
    webapp.speed
    webapp.cli
"""
RANKS = {name: rank for rank, line in enumerate(LAYERS.split("\n")) for name in line.split()}
# Root modules of the library and the order of imports between them.
ROOT_MODULES = ("errors", "types", "results", "decision", "documents")
MAX_ROOT_MODULES = 5

# package: packages and libraries that it must not import
FORBIDDEN = {
    "laanet_core": ("webapp", "gradio", "sqlalchemy"),
    "webapp.services": ("gradio",),
    "webapp.ui": ("sqlalchemy", "torch", "webapp.db"),
}
DATABASE_IMPORTS = ("sqlalchemy", "alembic", "webapp.db", "webapp.domain")
READS_ENVIRONMENT = "webapp.settings.environment"
ENVIRONMENT_NAMES = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
# Drills simulate an installation with scripted users, so they build the services that these users call.
BUILDS_SERVICES = ("webapp.bootstrap", "webapp.services.drills")


@functools.cache
def modules() -> dict[str, Path]:
    """Return the files of both packages by module name."""
    files = [*(ROOT / "laanet_core").rglob("*.py"), *(ROOT / "webapp").rglob("*.py")]
    names = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)
    return {
        name.removesuffix(".__init__"): file
        for name, file in zip(names, files, strict=True)
        if not name.endswith(".__main__")
    }


@functools.cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> Iterator[str]:
    """Yield every imported name with its module, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(name: str) -> set[str]:
    """Return the project's modules that a module imports."""
    known = modules()
    found = set()
    for target in imports(known[name]):
        module = target if target in known else target.rpartition(".")[0]
        if module in known and module != name:
            found.add(module)
    return found


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def package_of(name: str) -> str | None:
    """Return the layer of a module; None for the roots, which only re-export or name their package."""
    parts = name.split(".")
    depth = 3 if parts[:2] == ["webapp", "services"] else 2
    return ".".join(parts[:depth]) if len(parts) >= depth else None


def test_every_package_has_a_layer() -> None:
    packages = {package for name in modules() if (package := package_of(name)) is not None}
    assert packages - set(RANKS) == {"laanet_core.documents"} & packages


def test_imports_run_downwards() -> None:
    upwards = []
    for name in modules():
        package = package_of(name)
        for target in imported_modules(name):
            other = package_of(target)
            if package is None or other is None or package == other:
                continue
            # Root modules of the library have an order among themselves, checked as circles below.
            if RANKS.get(other, 0) >= RANKS.get(package, 0) and not is_root_module(package):
                upwards.append(f"{name} imports {target}")
    assert not upwards, "\n".join(upwards)


def is_root_module(package: str) -> bool:
    return package in {f"laanet_core.{module}" for module in ROOT_MODULES}


def test_root_modules_of_the_library_import_no_package() -> None:
    for name in ROOT_MODULES:
        if f"laanet_core.{name}" in modules():
            for target in imported_modules(f"laanet_core.{name}"):
                assert is_root_module(target), f"laanet_core.{name} imports {target}"


def test_library_has_few_root_modules() -> None:
    found = {file.stem for file in (ROOT / "laanet_core").glob("*.py")} - {"__init__", "__main__"}
    assert found <= set(ROOT_MODULES)
    assert len(found) <= MAX_ROOT_MODULES


def test_no_import_circle() -> None:
    """Modules have an order, counting imports inside functions and under TYPE_CHECKING."""
    # `laanet_core` itself re-exports lazily, so its parts may be imported before it.
    graph = {name: imported_modules(name) for name in modules() if name != "laanet_core"}
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        pytest.fail(f"circle: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("package", FORBIDDEN)
def test_package_avoids_forbidden_imports(package: str) -> None:
    files = [file for name, file in modules().items() if within(name, package)]
    assert files
    for file in files:
        for name in imports(file):
            assert not any(within(name, forbidden) for forbidden in FORBIDDEN[package]), (
                f"{file.relative_to(ROOT)} imports {name}"
            )


def test_database_imports_sqlalchemy_and_domain_only() -> None:
    for module, file in modules().items():
        if within(module, "webapp.db"):
            for name in imports(file):
                known = name.split(".")[0] in sys.stdlib_module_names
                assert known or any(within(name, package) for package in DATABASE_IMPORTS), (
                    f"{module} imports {name}"
                )


def environment_reads(tree: ast.Module) -> Iterator[str]:
    """Yield the expressions that read or change the environment, whatever name `os` is imported as."""
    aliases = {"os"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {alias.asname or "os" for alias in node.names if alias.name in ("os", "posix")}
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "posix"):
            yield from (alias.name for alias in node.names if alias.name in ENVIRONMENT_NAMES)
    for node in ast.walk(tree):
        is_name = isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT_NAMES
        if is_name and isinstance(node.value, ast.Name) and node.value.id in aliases:
            yield ast.unparse(node)


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("import os\nos.environ['A']", ["os.environ"]),
        ("import os as system\nsystem.getenv('A')", ["system.getenv"]),
        ("from os import environ", ["environ"]),
        ("text = 'os.environ'  # os.environ", []),
        ("import os\nos.path.join('environ')", []),
    ],
)
def test_environment_reads_are_found_by_syntax(code: str, reads: list[str]) -> None:
    assert list(environment_reads(ast.parse(code))) == reads


def test_only_settings_read_the_environment() -> None:
    files = modules() | {"app": ROOT / "app.py"}
    readers = {name for name, file in files.items() if list(environment_reads(parsed(file)))}
    assert readers == {READS_ENVIRONMENT}


def service_classes() -> set[str]:
    return {
        node.name
        for name, file in modules().items()
        if within(name, "webapp.services")
        for node in parsed(file).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Service")
    }


def constructed(tree: ast.Module) -> Iterator[str]:
    """Yield the names of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr


def test_only_bootstrap_builds_services() -> None:
    services = service_classes()
    assert services
    builders: dict[str, set[str]] = defaultdict(set)
    for name, file in (modules() | {"app": ROOT / "app.py"}).items():
        allowed = any(within(name, builder) for builder in BUILDS_SERVICES)
        if not allowed and (built := services & set(constructed(parsed(file)))):
            builders[name] |= built
    pending = {name: built for name, built in builders.items() if built == {"AuditService"}}
    assert not set(builders) - set(pending), dict(builders)


def test_folder_spaces_is_no_package() -> None:
    assert not (ROOT / "spaces" / "__init__.py").exists()


def test_imports_are_light() -> None:
    light = "laanet_core, laanet_core.cli, webapp.settings, webapp.bootstrap, webapp.cli"
    code = (
        f"import sys, {light}; webapp.cli.build_parser(); "
        "print([name for name in ('torch', 'gradio', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_spaces_is_the_package_of_hugging_face() -> None:
    code = "import spaces; print(callable(spaces.GPU), spaces.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("True ")
    assert str(ROOT / "spaces") not in done.stdout
