from __future__ import annotations

import json

import pytest

from tests.webapp.cli.conftest import Installation
from webapp.cli.finetune import StepPrinter


def test_without_a_snapshot_nothing_can_be_learned(installation: Installation) -> None:
    status, output, _ = installation.run("finetune", "--list")
    assert (status, json.loads(output)) == (0, [])
    status, _, error = installation.run("finetune")
    assert status == 1
    assert error.startswith("error: unknown_snapshot:")
    status, _, error = installation.run("finetune", "--cancel", "0" * 32)
    assert status == 1
    assert error.startswith("error: unknown_run:")


def test_progress_is_printed_when_enough_steps_have_passed(capsys: pytest.CaptureFixture[str]) -> None:
    progress = StepPrinter(every=10)
    # A trainer that restarts from a checkpoint goes back by some steps.
    for step in (0, 0, 9, 10, 29, 11):
        progress(step, 40)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["step 0 of 40", "step 10 of 40", "step 29 of 40", "step 11 of 40"]
