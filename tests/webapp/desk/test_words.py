from __future__ import annotations

import re
from collections import Counter

from tests.conftest import ROOT
from webapp.domain.enums import (
    CaseState,
    Concern,
    LabelValue,
    ModelState,
    Role,
    RunState,
    SnapshotState,
    Tag,
    Vote,
)
from webapp.services.moderation.case_images import VIEWS
from webapp.services.moderation.labelling import CONFIDENCES
from webapp.texts.desk import ENGLISH
from webapp.texts.model import ENGLISH as MODEL
from webapp.ui.pages.desk.model import modelboard
from webapp.ui.pages.desk.worktable import worktable

PAGE = worktable(ENGLISH)


def test_every_state_of_the_program_has_words() -> None:
    for words, states in (
        (ENGLISH.values, LabelValue), (ENGLISH.value_help, LabelValue), (ENGLISH.tag_names, Tag), (ENGLISH.concerns, Concern),
        (ENGLISH.votes, Vote), (ENGLISH.roles, Role),
    ):  # fmt: skip
        assert set(words) == set(states)
    assert set(ENGLISH.states) == {*CaseState, "gone"}
    assert set(ENGLISH.views) == {"plain", *VIEWS}
    assert len(ENGLISH.confidences) == len(CONFIDENCES)


def test_no_key_does_two_things() -> None:
    keys = Counter(re.findall(r" data-key='(.)'", PAGE))
    assert {key for key, count in keys.items() if count > 1} == {
        "u"
    }  # undo stands in two places, of which one is shown
    assert not {"n", "0"} & set(keys)  # which the script takes for itself
    listed = set(re.findall(r"<dt><kbd>(.+?)</kbd>", PAGE))
    assert {key for key in keys if key.isalnum()} <= listed


def test_what_the_script_asks_of_the_page_is_there() -> None:
    script = (ROOT / "webapp/ui/pages/desk/desk.js").read_text(encoding="utf-8")
    missing = {name for name in re.findall(r"\bwords\.(\w+)", script) if not hasattr(ENGLISH, name)} - {
        "calls",
        "undo_minutes",
    }
    assert missing == set()
    for name in set(re.findall(r'\$\("[.#](desk-[\w-]+)"\)', script)):
        assert re.search(rf"""(class='[^']*\b{name}\b|id='{name}')""", PAGE), name


def test_the_page_about_the_model_has_all_its_words_and_places() -> None:
    for words, states in (
        (MODEL.snapshot_states, SnapshotState),
        (MODEL.run_states, RunState),
        (MODEL.version_states, ModelState),
    ):
        assert set(words) == set(states)
    script = (ROOT / "webapp/ui/pages/desk/model.js").read_text(encoding="utf-8")
    assert {name for name in re.findall(r"\bwords\.(\w+)", script) if not hasattr(MODEL, name)} == set()
    page = modelboard(MODEL)
    for name in {*re.findall(r'\bat\("([\w-]+)"\)', script), *re.findall(r'\brows\("([\w-]+)"', script)}:
        assert f"id='model-{name}'" in page, name
