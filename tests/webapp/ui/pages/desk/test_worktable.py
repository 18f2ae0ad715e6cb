"""Tests of the worktable: its markup, its keys and the names that desk.js looks up."""

from __future__ import annotations

import re
from collections import Counter

from tests.conftest import ROOT
from webapp.domain.enums import CaseState, Concern, LabelValue, Role, Tag, Vote
from webapp.services.moderation.case_images import VIEWS
from webapp.services.moderation.labelling import CONFIDENCES
from webapp.texts.desk import ENGLISH
from webapp.ui.pages.desk.worktable import KEYS, worktable

PAGE = worktable(ENGLISH)
SCRIPTS = "".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "webapp/ui/pages/desk").glob("desk*.js")
)


def test_every_state_has_a_text() -> None:
    for texts, states in (
        (ENGLISH.values, LabelValue),
        (ENGLISH.value_help, LabelValue),
        (ENGLISH.tag_names, Tag),
        (ENGLISH.concerns, Concern),
        (ENGLISH.votes, Vote),
        (ENGLISH.roles, Role),
    ):
        assert set(texts) == set(states)
    assert set(ENGLISH.states) == {*CaseState, "gone"}
    assert set(ENGLISH.views) == {"plain", *VIEWS}
    assert len(ENGLISH.confidences) == len(CONFIDENCES)


def test_every_choice_has_a_key() -> None:
    assert set(KEYS.value) == set(LabelValue)
    assert set(KEYS.tag) == set(Tag)
    assert set(KEYS.view) == set(ENGLISH.views)
    assert set(KEYS.screen) == set(ENGLISH.screens)
    assert set(KEYS.tool) == set(ENGLISH.tools)
    assert len(KEYS.confidence) == len(CONFIDENCES)


def test_no_key_does_two_things() -> None:
    keys = Counter(re.findall(r' data-key="(.)"', PAGE))
    # Undo stands in two places, of which only one is visible at a time.
    assert {key for key, count in keys.items() if count > 1} == {"u"}
    # The script handles these two itself.
    assert not {"n", "0"} & set(keys)
    listed = set(re.findall(r"<dt><kbd>(.+?)</kbd>", PAGE))
    assert {key for key in keys if key.isalnum()} <= listed


def test_the_script_finds_its_texts_and_elements() -> None:
    from_server = {"calls", "undo_minutes"}
    names = set(re.findall(r"\btexts\.(\w+)", SCRIPTS)) - from_server
    assert len(names) > 30
    assert {name for name in names if not hasattr(ENGLISH, name)} == set()
    selectors = set(re.findall(r'\$\("[.#](desk-[\w-]+)"\)', SCRIPTS))
    assert len(selectors) > 10
    for name in selectors:
        assert re.search(rf"""(class="[^"]*\b{name}\b|id="{name}")""", PAGE), name
