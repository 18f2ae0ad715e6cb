"""Tests of the sentences of the list of cases."""

from __future__ import annotations

from dataclasses import fields

from tests.conftest import ROOT
from webapp.texts.case_list import ENGLISH, CaseListTexts

FOLDER = ROOT / "webapp/ui"


def test_every_sentence_is_used() -> None:
    users = [
        *(FOLDER / "pages/desk").glob("case_*"),
        FOLDER / "pages/desk/layout.py",
        FOLDER / "templates/desk/case_list.jinja",
    ]
    text = "".join(path.read_text(encoding="utf-8") for path in users)
    names = {field.name for field in fields(CaseListTexts)}
    assert {name for name in names if f".{name}" not in text} == set()


def test_each_event_names_its_author_and_value() -> None:
    for kind in ("labelled", "withdrawn"):
        assert "{author}" in ENGLISH.events[kind]
    for kind in ("labelled", "withdrawn", "decided", "undone"):
        assert "{value}" in ENGLISH.events[kind]
