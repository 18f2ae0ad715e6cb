"""Tests of the Chinese catalogue."""

from __future__ import annotations

import re

from tests.webapp.texts.test_schema import flatten
from webapp.texts.chinese import CHINESE


def test_sentences_end_with_chinese_punctuation() -> None:
    for name, text in flatten("", CHINESE):
        assert not re.search(r"[\u4e00-\u9fff][,;?!]", text), name


def test_outcomes_repeat_the_phrases_of_the_verdicts() -> None:
    for verdict in ("fake", "real", "inconclusive"):
        assert CHINESE.outcomes[verdict][0] == CHINESE.verdicts[verdict]
