"""Tests of the admins' page about the model: its texts and the names that model.js looks up."""

from __future__ import annotations

import re

from tests.conftest import ROOT
from webapp.domain.enums import ModelState, RunState, SnapshotState
from webapp.texts.model import ENGLISH
from webapp.ui.pages.desk.model import model_board

SCRIPT = (ROOT / "webapp/ui/pages/desk/model.js").read_text(encoding="utf-8")


def test_every_state_has_a_text() -> None:
    for texts, states in (
        (ENGLISH.snapshot_states, SnapshotState),
        (ENGLISH.run_states, RunState),
        (ENGLISH.version_states, ModelState),
    ):
        assert set(texts) == set(states)


def test_the_script_finds_its_texts_and_elements() -> None:
    names = set(re.findall(r"\btexts\.(\w+)", SCRIPT))
    assert len(names) > 20
    assert {name for name in names if not hasattr(ENGLISH, name)} == set()
    page = model_board(ENGLISH)
    ids = {*re.findall(r'\bbyId\("([\w-]+)"\)', SCRIPT), *re.findall(r'\bdrawRows\("([\w-]+)"', SCRIPT)}
    assert len(ids) > 8
    for name in ids:
        assert f'id="model-{name}"' in page, name
