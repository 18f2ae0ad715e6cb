"""Tests of the page that finds cases: its texts, its filters and the names that the scripts look up."""

from __future__ import annotations

import re

from tests.conftest import ROOT
from webapp.domain.enums import CaseState, LabelValue, Reason, Stage
from webapp.services.moderation.case_history import COPY, DECIDED, LABELLED, OPENED, UNDONE, WITHDRAWN
from webapp.services.moderation.decision_rule import ADJUDICATION, AGREEMENT, MAJORITY
from webapp.texts.case_list import ENGLISH
from webapp.ui.desk.requests import CaseListQuery
from webapp.ui.pages.desk.case_list import case_list, filter_choices

FOLDER = ROOT / "webapp/ui/pages/desk"
SCRIPTS = [(FOLDER / name).read_text(encoding="utf-8") for name in ("case_list.js", "case_page.js")]


def test_every_state_has_a_text() -> None:
    for texts, states in (
        (ENGLISH.states, CaseState),
        (ENGLISH.reasons, Reason),
        (ENGLISH.values, LabelValue),
        (ENGLISH.stages, Stage),
        (ENGLISH.events, (OPENED, COPY, LABELLED, WITHDRAWN, DECIDED, UNDONE)),
        (ENGLISH.ways, (AGREEMENT, MAJORITY, ADJUDICATION)),
    ):
        assert set(texts) == set(states)


def test_the_scripts_find_their_texts_and_elements() -> None:
    page = case_list(ENGLISH)
    for script in SCRIPTS:
        names = set(re.findall(r"\btexts\.(\w+)", script))
        assert len(names) > 15
        assert {name for name in names if not hasattr(ENGLISH, name)} == set()
        ids = set(re.findall(r'\bbyId\("([\w-]+)"\)', script))
        assert len(ids) >= 8
        for name in ids:
            assert f'id="find-{name}"' in page, name
    for action in re.findall(r"\[data-find=(\w+)\]", "".join(SCRIPTS)):
        assert f'data-find="{action}"' in page


def test_every_choice_of_a_filter_is_accepted_by_the_server() -> None:
    for name, choices in filter_choices(ENGLISH).items():
        for value in choices:
            if name == "age":
                days = {"max_days": value[1:]} if value.startswith("-") else {"min_days": value[:-1]}
                request = CaseListQuery.model_validate(days).request()
                assert (request.max_days or request.min_days) == int(value.strip("-"))
            else:
                assert getattr(CaseListQuery.model_validate({name: value}).request(), name) is not None
    assert f'<option value="{CaseState.OPEN}">' in case_list(ENGLISH)
