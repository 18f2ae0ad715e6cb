"""Tests of the report's inputs and sentences."""

from __future__ import annotations

import dataclasses

import pytest

from laanet_core.decision import DecisionConfig
from tests.webapp.sample_results import FAKE, FLIPPING, PHOTO, VIDEO
from tests.webapp.services.reports.pdf import CREATED, REJECTED, SHA256, report_on
from webapp.services.label_quality.score_reliability import ScoreReliability
from webapp.services.reports.content import Report
from webapp.texts import LANGUAGES, Texts
from webapp.ui.render.headline import headline
from webapp.ui.render.reliability import stability_rows

KNOWN = ScoreReliability(40, 30, 0.5981, 0.8581, 0.82, 0.92)


def test_inputs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Report(PHOTO, DecisionConfig(), SHA256, CREATED.replace(tzinfo=None))
    with pytest.raises(ValueError, match="3 reliabilities for 2"):
        report_on(PHOTO, reliability=(None,) * 3)
    with pytest.raises(ValueError, match="1 stabilities for 2"):
        report_on(PHOTO, stabilities=[FLIPPING])


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_page_and_report_have_the_same_sentences(texts: Texts) -> None:
    for result in (PHOTO, dataclasses.replace(PHOTO, faces=(FAKE,)), REJECTED):
        summary = report_on(result, texts=texts).summary
        page = headline(result, texts)
        assert all(sentence in page for sentence in (summary.title(texts), *summary.sentences(texts)))
    report = report_on(PHOTO, texts=texts, stabilities=[FLIPPING, None])
    (checked,) = report.checked()
    assert report.stability_conclusion(checked) == stability_rows(PHOTO, [FLIPPING, None], texts)[1].sentence


def test_probability_says_whose_it_is() -> None:
    assert report_on(PHOTO).probability() == "Fake probability 0.8765 (all faces together)"
    assert report_on(dataclasses.replace(PHOTO, faces=(FAKE,))).probability() == "Fake probability 0.8765"
    assert report_on(VIDEO).probability() == "Fake probability 0.8765"
    assert report_on(REJECTED).probability() is None


def test_reliability_lines_are_those_of_known_subjects() -> None:
    report = report_on(PHOTO, reliability=(None, KNOWN))
    assert [subject.number for subject in report.reliabilities()] == [2]
    (line,) = report.reliability_lines()
    assert line.startswith("Face 2: ")
    assert "75% were fake" in line
