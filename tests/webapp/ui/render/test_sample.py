"""Tests of the sample result in the empty half of the page."""

from __future__ import annotations

import pytest

from webapp.texts import LANGUAGES, Texts
from webapp.ui.render.sample import welcome


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_the_sample_is_named_and_explains_the_three_verdicts(texts: Texts) -> None:
    html = welcome(texts.code)
    assert texts.sample in html
    assert html.count('class="lens-gauge ') == 1
    assert all(texts.verdicts[verdict] in html for verdict in ("real", "fake", "inconclusive"))
    # It leads nowhere
    assert "<button" not in html
    assert "<table" not in html


def test_the_sample_is_small() -> None:
    assert len(welcome("en")) < 90_000
