"""Tests of the files of languages: each file is a language, and a wrong one is refused with its faults."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import webapp.texts
from webapp.texts import ENGLISH, LANGUAGES
from webapp.texts.language_files import InvalidLanguageFile, placeholders, read_languages, sentences

FOLDER = Path(webapp.texts.__file__).with_name("languages")
Problems = Callable[[str, str], list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with English and, as "eo", another copy of English."""
    shutil.copy(FOLDER / "en.toml", tmp_path / "en.toml")
    shutil.copy(FOLDER / "en.toml", tmp_path / "eo.toml")
    return tmp_path


@pytest.fixture
def problems(folder: Path) -> Problems:
    """Return what the error names after one change of the text in "eo"."""

    def change(old: str, new: str) -> list[str]:
        file = folder / "eo.toml"
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(InvalidLanguageFile, match=r"eo\.toml") as caught:
            read_languages(folder)
        return caught.value.problems

    return change


def test_a_file_is_a_language(folder: Path) -> None:
    (folder / "notes.txt").touch()
    shutil.copy(FOLDER / "zh.toml", folder / "aa.toml")
    languages = read_languages(folder)
    assert list(languages) == ["en", "aa", "eo"]
    assert languages["eo"] == dataclasses.replace(ENGLISH, code="eo")
    assert languages["aa"] == dataclasses.replace(LANGUAGES["zh"], code="aa")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("stop = ", "halt = ", ["halt is unknown", "stop is missing"]),
        (
            "verdicts.unjudged",
            "verdicts.other",
            ["verdicts.unjudged is missing", "verdicts.other is unknown"],
        ),
        ("{label}: {value}", "{label}: {price}", ["labelled must have these placeholders: {label}, {value}"]),
        ("{label}: {value}", "{label", ["labelled: expected '}' before end of string"]),
        ('stop = "Stop"', "stop = 1", ["stop is not a text"]),
        ('stop = "Stop"', 'stop = " "', ["stop is empty"]),
        ('["This file cannot be analysed", ""]', '["This file"]', ["outcomes.rejected must have 2 texts"]),
        ('["This file cannot be analysed", ""]', '"This file"', ["outcomes.rejected is not a list"]),
        ('language = "English"', 'language = "English"\nnew.key = "x"', ["new is unknown"]),
        ("coverage.one", "coverage.two", ["coverage.one is missing", "coverage.two is unknown"]),
        ('"n == 1"', '"n is 1"', ['plural_rules.one is not a rule such as "n == 1"']),
        ("stop = ", "stop ", ["Expected '=' after a key in a key/value pair"]),
    ],
)
def test_problems_are_named(problems: Problems, old: str, new: str, problem: list[str]) -> None:
    found = problems(old, new)
    assert [text.partition(" (at ")[0] for text in found] == problem


def test_a_form_of_a_counted_sentence_has_no_placeholder_of_its_own(problems: Problems) -> None:
    found = problems('coverage.one = "', 'coverage.one = "{faces} ')
    assert found == ["coverage.one has placeholders that coverage.other lacks"]


def test_the_name_of_a_file_is_a_code(folder: Path) -> None:
    shutil.copy(FOLDER / "en.toml", folder / "Deutsch.toml")
    with pytest.raises(InvalidLanguageFile, match="not the code of a language"):
        read_languages(folder)


def test_sentences_have_dotted_keys() -> None:
    keys = dict(sentences(ENGLISH))
    assert keys["outcomes.rejected.0"] == "This file cannot be analysed"
    assert keys["report.titles.image"] == "Report on a photo"
    assert keys["coverage.one"] == ENGLISH.coverage.forms["one"]


def test_placeholders_are_sorted() -> None:
    assert placeholders("{b} and {a}, {{c}}") == ["a", "b"]
