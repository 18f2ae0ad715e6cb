"""Commands whose output pipe is closed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def webapp(folder: Path, *arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command, environment = (
        [sys.executable, "-m", "webapp", *arguments],
        {"PATH": os.environ["PATH"], "LENS_DATA": str(folder)},
    )
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    "arguments", [("snapshot", "--list"), ("finetune", "--list"), ("verify-audit", "--json")]
)
def test_a_reader_who_has_gone_ends_a_command_quietly(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert webapp(tmp_path, "migrate").returncode == 0
    assert webapp(tmp_path, *arguments).returncode == 0
    read, write = os.pipe()
    os.close(read)
    try:
        done = webapp(tmp_path, *arguments, stdout=write)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_what_cannot_be_printed_for_another_reason_is_said(tmp_path: Path) -> None:
    assert webapp(tmp_path, "migrate").returncode == 0
    with Path("/dev/full").open("wb") as full:
        done = webapp(tmp_path, "snapshot", "--list", stdout=full.fileno())
    assert done.returncode != 0
    assert done.stderr.startswith("error: file_unavailable: ")
