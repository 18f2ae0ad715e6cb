"""Who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

# folder: what nothing in it may import
FORBIDDEN = {
    "laanet_core": ("webapp", "gradio", "sqlalchemy"),
    "webapp/services": ("gradio", "webapp.ui"),
    "webapp/ui": ("sqlalchemy", "torch", "webapp.db"),
}
ALLOWED_TO_DB = ("sqlalchemy", "alembic", "webapp.db", "webapp.domain")
READS_ENVIRONMENT = ("webapp/settings.py",)


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_nobody_imports_what_is_not_theirs(folder: str) -> None:
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    for file in files:
        for name in imported(file):
            assert not any(within(name, package) for package in FORBIDDEN[folder]), (
                f"{file.relative_to(ROOT)} imports {name}"
            )


def test_the_database_knows_sqlalchemy_and_the_domain_only() -> None:
    for file in (ROOT / "webapp" / "db").rglob("*.py"):
        for name in imported(file):
            root = name.split(".")[0]
            known = root in sys.stdlib_module_names or any(within(name, package) for package in ALLOWED_TO_DB)
            assert known, f"{file.relative_to(ROOT)} imports {name}"


def test_only_the_settings_read_the_environment() -> None:
    for file in [*(ROOT / "laanet_core").rglob("*.py"), *(ROOT / "webapp").rglob("*.py"), ROOT / "app.py"]:
        name = str(file.relative_to(ROOT))
        text = file.read_text(encoding="utf-8")
        assert name in READS_ENVIRONMENT or ("os.environ" not in text and "getenv" not in text), name


def test_signing_in_elsewhere_is_not_even_imported_off_spaces() -> None:
    code = """
import sys
from webapp.bootstrap import cases, membership
from webapp.settings import from_environment
from webapp.ui import desk
settings = from_environment({"LENS_HF_ORGANISATION": "lens", "OPENID_PROVIDER_URL": "https://huggingface.co", "OAUTH_CLIENT_ID": "a",
    "OAUTH_CLIENT_SECRET": "b", "OAUTH_SCOPES": "openid profile read-memberships", "SPACE_HOST": "owner-lens.hf.space"})
print(membership.hugging_face_sign_in(None, settings))
print([name for name in sys.modules if name.startswith(("authlib", "joserfc", "webapp.services.accounts.m", "webapp.services.accounts.o"))])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["None", "[]"]
    assert "LENS_HF_ORGANISATION does nothing here" in done.stderr


def test_the_folder_spaces_is_no_package() -> None:
    assert not (ROOT / "spaces" / "__init__.py").exists()


def test_imports_are_light() -> None:
    light = "laanet_core, laanet_core.cli, webapp.settings, webapp.bootstrap, webapp.cli"
    code = f"import sys, {light}; webapp.cli.build_parser(); print([m for m in ('torch', 'gradio', 'cv2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_spaces_is_hugging_faces_package() -> None:
    code = "import spaces; print(callable(spaces.GPU), spaces.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("True ")
    assert str(ROOT / "spaces") not in done.stdout
