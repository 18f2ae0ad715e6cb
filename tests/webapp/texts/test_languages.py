"""Tests of the languages against each other and against the states and codes of the program."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from laanet_core.inference.stable_verdicts import Finding
from laanet_core.media.other_types import TYPE_ADVICE, TYPE_NAMES
from laanet_core.results import CAUTIONS, Outcome, Verdict
from webapp.domain.enums import LabelValue, Vote
from webapp.texts import ENGLISH, LANGUAGES, Texts
from webapp.texts.desk import ENGLISH as DESK
from webapp.texts.language_files import sentences

# Words from which on an equal text is a sentence that was forgotten, and no name or loan word.
MANY_WORDS = 3
# Words that read like a private or old-fashioned English
OLD_WORDS = re.compile(
    r"\b(whoever|whom|anew|nobody|somebody|cannot be told|not be told|as given)\b", re.IGNORECASE
)
# Texts of buttons and tabs, and the most letters that they have room for.
SHORT = [
    "upload",
    "analyse",
    "stop",
    "camera",
    "take_photo",
    "make_overlay_clip",
    "report_pdf",
    "report_json",
    "delete",
    "delete_sure",
    "send",
    "region_box",
    "region_clear",
    "zoom_in",
    "zoom_out",
    "zoom_all",
    "receipt_show",
    "show_in_picture",
    "device.open",
    "device.remove",
    "device.delete",
    "device.delete_sure",
    "device.clear",
    "device.clear_sure",
    "device.cancel",
    "device.save_list",
    "device.share",
    "device.print",
    "device.reload",
    "verification.check",
    "verification.look_up",
]
MOST_LETTERS = 40
EVERY_OTHER_LANGUAGE = pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
EVERY_LANGUAGE = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)


@EVERY_OTHER_LANGUAGE
def test_every_sentence_is_translated(code: str) -> None:
    english = dict(sentences(ENGLISH))
    for name, text in sentences(LANGUAGES[code]):
        words = re.findall(r"\w\w+", re.sub(r"{\w+}", "", text))
        assert len(words) < MANY_WORDS or english.get(name) != text or name == "title", name


@EVERY_LANGUAGE
def test_words_on_buttons_are_short(texts: Texts) -> None:
    """They fit beside another button, or alone into the width of a phone."""
    for name in SHORT:
        assert len(dict(sentences(texts))[name]) <= MOST_LETTERS, name


@EVERY_LANGUAGE
def test_quotation_marks_come_in_pairs(texts: Texts) -> None:
    for name, text in sentences(texts):
        for opening, closing in (("“", "”"), ("„", "“")):
            if opening in text and closing in text:
                assert text.count(opening) == text.count(closing), name


def test_every_state_of_the_program_has_a_sentence() -> None:
    """The other languages have the same keys as English."""
    assert set(ENGLISH.outcomes) >= set(get_args(Verdict)) | (set(get_args(Outcome)) - {"verdict"})
    assert set(ENGLISH.verdicts) == {*get_args(Verdict), "unjudged"}
    assert set(ENGLISH.labels) == set(LabelValue)
    assert set(ENGLISH.stability_findings) == set(get_args(Finding))
    assert set(ENGLISH.votes) == set(Vote)
    assert set(ENGLISH.cautions) == set(CAUTIONS)
    assert dict(ENGLISH.file_types) == {name: name for name in TYPE_NAMES}
    assert dict(ENGLISH.file_advice) == {advice: advice for advice in TYPE_ADVICE}


def test_every_rejection_has_a_remedy() -> None:
    """The README lists the codes, and test_readme compares them with the code."""
    from tests.test_readme import documented_codes

    assert set(ENGLISH.errors) == documented_codes()


def test_visitors_and_moderators_read_the_same_verdicts() -> None:
    assert {verdict: ENGLISH.verdicts[verdict] for verdict in DESK.verdicts} == dict(DESK.verdicts)
    assert dict(DESK.values) == dict(ENGLISH.labels)


@EVERY_LANGUAGE
def test_outcomes_repeat_the_phrases_of_the_verdicts(texts: Texts) -> None:
    for verdict in get_args(Verdict):
        assert texts.outcomes[verdict][0].casefold() == texts.verdicts[verdict].casefold()


def test_english_sentences_are_plain() -> None:
    for name, text in [*sentences(ENGLISH), *sentences(DESK, "desk")]:
        assert not OLD_WORDS.search(text), name


def test_chinese_sentences_end_with_chinese_punctuation() -> None:
    for name, text in sentences(LANGUAGES["zh"]):
        assert not re.search(r"[\u4e00-\u9fff][,;?!]", text), name
