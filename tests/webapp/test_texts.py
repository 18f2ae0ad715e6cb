from __future__ import annotations

import dataclasses
import string
from collections.abc import Iterator
from typing import get_args

import pytest

from laanet_core.inference.stable_verdicts import Finding
from laanet_core.results import CAUTIONS, Outcome, Verdict
from webapp.domain.enums import Vote
from webapp.services.reports.service import REPORT_WORDS
from webapp.texts import LANGUAGES, Texts

ENGLISH = LANGUAGES["en"]
SAME_EVERYWHERE = {"title", "stability_names.jpeg_90", "stability_names.jpeg_70", "stability_names.jpeg_50"}


def flat(texts: Texts) -> Iterator[tuple[str, str]]:
    for field in dataclasses.fields(texts):
        yield from _flat(field.name, getattr(texts, field.name))


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(f"{name}.{key}", part)
    else:
        assert isinstance(value, tuple)
        for place, part in enumerate(value):
            yield from _flat(f"{name}.{place}", part)


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_every_language_says_everything(code: str) -> None:
    english, other = dict(flat(ENGLISH)), dict(flat(LANGUAGES[code]))
    assert other.keys() == english.keys()
    for name, words in english.items():
        if words:
            assert other[name].strip(), name
            assert other[name] != words or name in SAME_EVERYWHERE, f"{name} is not translated"
        places, others = (
            sorted(field for _, field, _, _ in string.Formatter().parse(text) if field)
            for text in (words, other[name])
        )
        assert others == places, name


def test_every_state_of_the_program_has_words() -> None:
    assert set(ENGLISH.outcomes) >= set(get_args(Verdict)) | (set(get_args(Outcome)) - {"verdict"})
    assert set(ENGLISH.verdicts) == {*get_args(Verdict), "unjudged"}
    assert set(ENGLISH.stability_findings) == set(get_args(Finding))
    assert set(ENGLISH.votes) == set(Vote)
    assert set(ENGLISH.cautions) == set(CAUTIONS)
    for code, words in REPORT_WORDS.items():
        assert {key: words[f"caution.{key}"] for key in CAUTIONS} == LANGUAGES[code].cautions


def test_every_rejection_says_what_to_do() -> None:
    """The codes are those of the table in README.md, which test_readme holds against the code."""
    from tests.test_readme import documented_codes

    assert set(ENGLISH.errors) == documented_codes()
