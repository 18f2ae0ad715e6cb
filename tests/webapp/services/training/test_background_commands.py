from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.synthetic_uploads import error_code
from tests.waiting import wait_for
from webapp.services.training.background_commands import (
    INTERRUPTED,
    LOCK_FILE,
    OUTPUT_FILE,
    REQUEST_FILE,
    BackgroundCommands,
)
from webapp.services.training.file_locks import try_lock


@pytest.fixture
def commands(tmp_path: Path) -> BackgroundCommands:
    return BackgroundCommands(tmp_path)


def test_a_command_runs_in_the_background_one_at_a_time(
    commands: BackgroundCommands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LENS_DATA", str(tmp_path / "data"))
    assert commands.last() is None
    recorded: list[str] = []
    commands.start("gate", "ft-1", ["gate", "ft-1"], lambda: recorded.append("gate"))
    status = commands.last()
    assert status is not None
    assert (status.what, status.subject, status.running, status.error) == ("gate", "ft-1", True, None)
    arguments = ("snapshot", "", ["snapshot"], lambda: recorded.append("snapshot"))
    assert error_code(commands.start, *arguments) == "errand_busy"
    assert recorded == ["gate"]
    status = wait_for(lambda: None if (last := commands.last()) and last.running else last)
    # There is no database in the new folder.
    assert status is not None
    assert status.error is not None
    assert status.error != INTERRUPTED


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ('progress\n{"snapshot": "1"}\n', None),
        ("progress\nerror: nothing_decided: no decision\n", "nothing_decided: no decision"),
        ("progress\n", INTERRUPTED),
        (None, INTERRUPTED),
    ],
)
def test_the_output_of_the_last_command_gives_its_outcome(
    commands: BackgroundCommands, tmp_path: Path, output: str | None, error: str | None
) -> None:
    request = {"what": "snapshot", "subject": "", "begun_at": "2026-01-02T03:04:05+00:00"}
    (tmp_path / REQUEST_FILE).write_text(json.dumps(request))
    if output is not None:
        (tmp_path / OUTPUT_FILE).write_text(output)
    status = commands.last()
    assert status is not None
    assert (status.running, status.error) == (False, error)
    with try_lock(tmp_path / LOCK_FILE):
        status = commands.last()
    assert status is not None
    assert (status.running, status.error) == (True, None)
