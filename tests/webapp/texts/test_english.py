"""Tests of the English catalogue against the states and codes of the program."""

from __future__ import annotations

import re
from typing import get_args

from laanet_core.inference.stable_verdicts import Finding
from laanet_core.results import CAUTIONS, Outcome, Verdict
from tests.webapp.texts.test_schema import flatten
from webapp.domain.enums import LabelValue, Vote
from webapp.texts.desk import ENGLISH as DESK
from webapp.texts.english import ENGLISH

# Words that read like a private or old-fashioned English
OLD_WORDS = re.compile(
    r"\b(whoever|whom|anew|nobody|somebody|cannot be told|not be told|as given)\b", re.IGNORECASE
)


def test_every_state_of_the_program_has_a_sentence() -> None:
    assert set(ENGLISH.outcomes) >= set(get_args(Verdict)) | (set(get_args(Outcome)) - {"verdict"})
    assert set(ENGLISH.verdicts) == {*get_args(Verdict), "unjudged"}
    assert set(ENGLISH.labels) == set(LabelValue)
    assert set(ENGLISH.stability_findings) == set(get_args(Finding))
    assert set(ENGLISH.votes) == set(Vote)
    assert set(ENGLISH.cautions) == set(CAUTIONS)


def test_every_rejection_has_a_remedy() -> None:
    """The README lists the codes, and test_readme compares them with the code."""
    from tests.test_readme import documented_codes

    assert set(ENGLISH.errors) == documented_codes()


def test_visitors_and_moderators_read_the_same_verdicts() -> None:
    assert {verdict: ENGLISH.verdicts[verdict] for verdict in DESK.verdicts} == dict(DESK.verdicts)
    assert dict(DESK.values) == dict(ENGLISH.labels)
    for verdict in get_args(Verdict):
        assert ENGLISH.outcomes[verdict][0].lower() == ENGLISH.verdicts[verdict]


def test_sentences_are_plain() -> None:
    for name, text in [*flatten("", ENGLISH), *flatten("desk", DESK)]:
        assert not OLD_WORDS.search(text), name
