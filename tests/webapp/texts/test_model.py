"""Tests of the sentences about model versions against the states of the program."""

from __future__ import annotations

from webapp.domain.enums import ModelState, RunState, SnapshotState
from webapp.texts.model import ENGLISH


def test_every_state_of_the_program_has_a_sentence() -> None:
    assert set(ENGLISH.snapshot_states) == set(SnapshotState)
    assert set(ENGLISH.run_states) == set(RunState)
    assert set(ENGLISH.version_states) == set(ModelState)
