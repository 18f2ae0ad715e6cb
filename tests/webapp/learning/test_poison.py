"""Lies, puppets and copies, in installations made for them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.webapp.learning.test_finetuning import wait_for
from webapp.cli.poison_drill import MAY_DIFFER, as_text, drill
from webapp.services.drills import poisoning as poison
from webapp.settings import Settings


def must_hold(outcome: dict[str, Any]) -> None:
    """Said again by the figures themselves, not by what the drill makes of them."""
    clean, some, many = outcome["flipped"]
    told = as_text(outcome)
    assert [row["share"] for row in outcome["flipped"]] == [0.0, 0.1, 0.4]
    assert clean["passed"], told
    assert clean["auc"] > 0.9, told  # there was something to be spoilt
    assert some["auc"] >= clean["auc"] - MAY_DIFFER, told
    assert not many["passed"], told
    assert "auc gold" in many["failed"], told
    assert outcome["puppets"] == {"votes": 10_000, "training_rows": 0}
    assert outcome["copies"]["copies"] == outcome["copies"]["in_gold"] > 0
    assert outcome["copies"]["learned_from"] == 0
    assert outcome["held"], told


def test_every_defence_holds_at_small_size() -> None:
    must_hold(drill(Settings(), poison.SMALL))


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.proof)])
def test_a_drill_that_is_told_to_end_leaves_nothing_behind(place: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "webapp", "poison-drill", "--small"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "TMPDIR": str(place)}, stderr=subprocess.DEVNULL
    ) as drill:
        try:
            wait_for(lambda: trains(place))
            drill.send_signal(number)
            assert drill.wait(timeout=60) == 128 + number
        finally:
            drill.kill()
    assert processes_in(place) == []
    assert list(place.iterdir()) == []


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short name: the trainer's processes speak through sockets below it, whose names may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        yield Path(folder)


def trains(place: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):  # folders come and go there
        return any(place.glob("*/flipped*/runs/*/train/log.jsonl")) and bool(processes_in(place))
    return False


def processes_in(place: Path) -> list[int]:
    """Processes that have to do with a folder, by their arguments."""
    found = []
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(place).encode() in arguments.read_bytes():
                found.append(int(arguments.parent.name))
    return found


@pytest.mark.proof
def test_every_defence_holds() -> None:
    must_hold(drill(Settings(), poison.Size()))
