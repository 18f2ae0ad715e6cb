"""Tests of the schema: every language has every sentence, and every sentence is used."""

from __future__ import annotations

import dataclasses
import re
import string
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from webapp.texts import LANGUAGES
from webapp.texts.schema import ReportTexts, Texts

ENGLISH = LANGUAGES["en"]
SAME_IN_EVERY_LANGUAGE = {
    "title",
    "labelled",
    "with_note",
    "stability_names.jpeg_90",
    "stability_names.jpeg_70",
    "stability_names.jpeg_50",
}


def flatten(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield dotted name and sentence of everything in a part of the catalogue."""
    if isinstance(value, str):
        yield name, value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            prefix = f"{name}." if name else ""
            yield from flatten(prefix + field.name, getattr(value, field.name))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from flatten(f"{name}.{key}", part)
    else:
        assert isinstance(value, tuple)
        for place, part in enumerate(value):
            yield from flatten(f"{name}.{place}", part)


def placeholders(text: str) -> list[str]:
    return sorted(field for _, field, _, _ in string.Formatter().parse(text) if field)


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_languages_have_the_same_sentences(code: str) -> None:
    english, other = dict(flatten("", ENGLISH)), dict(flatten("", LANGUAGES[code]))
    assert other.keys() == english.keys()
    for name, text in english.items():
        if text:
            assert other[name].strip(), name
            assert other[name] != text or name in SAME_IN_EVERY_LANGUAGE, f"{name} is not translated"
        assert placeholders(other[name]) == placeholders(text), name


@pytest.mark.parametrize("schema", [Texts, ReportTexts])
def test_every_field_is_used(schema: type) -> None:
    files = [path for path in (ROOT / "webapp").rglob("*.*") if path.suffix in (".py", ".jinja")]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != "schema.py")
    used = set(re.findall(r"\.(\w+)", sources))
    names = {field.name for field in dataclasses.fields(schema)}
    assert names - used == set()
