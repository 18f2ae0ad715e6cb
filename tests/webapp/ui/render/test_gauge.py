"""Tests of the gauge between the two thresholds."""

from __future__ import annotations

import pytest

from laanet_core.decision import DecisionConfig
from webapp.texts import LANGUAGES, Texts
from webapp.texts.formats import share_text
from webapp.texts.sentences import percent_text
from webapp.ui.render.gauge import gauge

DECISION = DecisionConfig(real_below=0.1518, fake_above=0.8084)


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_both_thresholds_are_marked_in_words_and_places(texts: Texts) -> None:
    drawn = gauge(0.963, DECISION, texts)
    assert (drawn.real_below, drawn.fake_above, drawn.marker) == ("15.18%", "80.84%", "96.30%")
    assert drawn.labels == (share_text(0.15, texts), share_text(0.81, texts))
    assert all(words in drawn.description for words in (share_text(0.96, texts), *drawn.labels))
    widths = [float(zone.width.rstrip("%")) for zone in drawn.zones]
    assert sum(widths) == pytest.approx(100)
    assert [zone.verdict for zone in drawn.zones] == ["real", "inconclusive", "fake"]


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "<1%"),
        (0.0099, "<1%"),
        (0.01, "1%"),
        (0.31, "31%"),
        (0.99, "99%"),
        (0.9951, ">99%"),
        (1.0, ">99%"),
    ],
)
def test_a_percentage_is_never_certain(probability: float, text: str) -> None:
    assert percent_text(probability, LANGUAGES["en"]) == text


def test_a_percentage_that_looks_like_a_threshold_has_a_decimal() -> None:
    assert gauge(0.812, DECISION, LANGUAGES["en"]).value == "81.2%"
    assert gauge(0.1499, DECISION, LANGUAGES["en"]).value == "15.0%"
    assert percent_text(None, LANGUAGES["en"]) == "–"


def test_labels_of_close_thresholds_are_set_apart() -> None:
    assert gauge(0.5, DecisionConfig(), LANGUAGES["en"]).is_narrow
    assert not gauge(0.5, DECISION, LANGUAGES["en"]).is_narrow
