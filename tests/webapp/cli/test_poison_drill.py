"""The poisoning drill as a command: its defences at a small size, and its end by a signal."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.waiting import wait_for
from webapp.cli.poison_drill import MAX_AUC_LOSS, as_text, drill, open_installation
from webapp.services.drills.poisoning import (
    SMALL,
    DrillOutcome,
    DrillSize,
    SockpuppetVotes,
    mislabel_copies,
    vote_as_sockpuppets,
    write_initial_data,
)
from webapp.settings import Settings


def require_defences(outcome: DrillOutcome) -> None:
    """Check the figures themselves, not only the drill's own conclusions."""
    clean, some, many = outcome.flipped
    text = as_text(outcome)
    assert [row.share for row in outcome.flipped] == [0.0, 0.1, 0.4]
    assert clean.passed, text
    # The network learned enough for lies to make a difference.
    assert clean.auc > 0.9, text
    assert some.auc >= clean.auc - MAX_AUC_LOSS, text
    assert not many.passed, text
    assert "auc gold" in many.failed_checks, text
    assert (outcome.sockpuppets.votes, outcome.sockpuppets.training_rows) == (10_000, 0)
    assert outcome.copies.copies == outcome.copies.in_gold > 0
    assert outcome.copies.learned_from == 0
    assert outcome.passed, text


@pytest.mark.proof
def test_every_defence_works_at_small_size() -> None:
    require_defences(drill(Settings(), SMALL))


def test_votes_and_copies_of_gold_are_not_learned_from(tmp_path: Path) -> None:
    """The two defences that need no training."""
    weights, manifest = write_initial_data(tmp_path)
    with open_installation(Settings(), tmp_path / "puppets", weights, manifest) as puppets:
        assert vote_as_sockpuppets(puppets, 1000) == SockpuppetVotes(votes=1000, training_rows=0)
    with open_installation(Settings(), tmp_path / "copies", weights, manifest) as copied:
        copies = mislabel_copies(copied, DrillSize(copies=2))
    assert copies.copies == copies.in_gold > 0
    assert copies.learned_from == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: the trainer's sockets below it may have paths of 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="drill-") as name:
        yield Path(name)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.proof)])
def test_a_signal_ends_the_drill_with_its_trainer_and_files(folder: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "webapp", "poison-drill", "--small"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: is_training(folder))
            process.send_signal(number)
            assert process.wait(timeout=60) == 128 + number
        finally:
            process.kill()
    assert processes_in(folder) == []
    assert list(folder.iterdir()) == []


def is_training(folder: Path) -> bool:
    """Return whether a trainer in the folder has logged a step."""
    # Folders appear and vanish during the search.
    with contextlib.suppress(FileNotFoundError):
        logs = folder.glob("*/flipped*/runs/*/train/log.jsonl")
        return any(logs) and bool(processes_in(folder))
    return False


def processes_in(folder: Path) -> list[int]:
    """Return the processes that have the folder in their arguments."""
    pids = []
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in arguments.read_bytes():
                pids.append(int(arguments.parent.name))
    return pids
