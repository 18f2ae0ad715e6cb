from __future__ import annotations

import subprocess
import sys

import pytest

from laanet_core.cli import COMMANDS, main
from tests.conftest import ROOT

# Seconds; the library must import no torch.
IMPORT_BUDGET = 0.3


def test_importing_the_library_is_fast() -> None:
    code = (
        "import time; before = time.perf_counter(); import laanet_core; print(time.perf_counter() - before)"
    )
    attempts = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    assert min(float(attempt.stdout) for attempt in attempts) < IMPORT_BUDGET


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert f"laanet_core {command}" in capsys.readouterr().out
