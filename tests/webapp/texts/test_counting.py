"""Sentences whose form depends on a number."""

from __future__ import annotations

import pytest

from webapp.texts import LANGUAGES
from webapp.texts.counting import PluralForms, counted


@pytest.mark.parametrize(("count", "noun"), [(0, "0 faces"), (1, "1 face:"), (2, "2 faces")])
def test_one_thing_has_no_plural(count: int, noun: str) -> None:
    sentence = counted(LANGUAGES["en"].picture_with_faces, count).format(count=count, faces="x")
    assert noun in sentence


@pytest.mark.parametrize(
    ("count", "form"), [(1, "plik"), (2, "pliki"), (5, "plików"), (12, "plików"), (22, "pliki")]
)
def test_a_language_may_have_more_forms(count: int, form: str) -> None:
    rules = {"one": "n == 1", "few": "n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 10 || n % 100 >= 20)"}
    polish = PluralForms({"one": "plik", "few": "pliki", "other": "plików"}, rules)
    assert counted(polish, count) == form
