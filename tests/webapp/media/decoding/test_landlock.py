"""Landlock, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

CODE = """
import sys
from webapp.media.decoding import landlock
try:
    name = landlock.restrict()
except OSError as error:
    print("unsupported", error)
    raise SystemExit
try:
    open(sys.argv[1])
except PermissionError:
    print(name, "refused")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_restricted_process_cannot_open_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    command = [sys.executable, "-c", CODE, str(tmp_path / "secret")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    if done.stdout.startswith("unsupported"):
        pytest.skip(done.stdout)
    name, number, result = done.stdout.split()
    assert (name, result) == ("Landlock", "refused")
    assert int(number) >= 1
