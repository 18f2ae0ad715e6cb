"""Tests of the table of faces or persons."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from laanet_core.documents import FaceDocument
from laanet_core.inference.stable_verdicts import stable_result
from laanet_core.results import NotJudgedReason, Segment
from tests.webapp.sample_results import FAKE, FLIPPING, PARTLY_FAKE, PHOTO, SMALL, TRACK, VIDEO
from webapp.texts import LANGUAGES, Texts
from webapp.ui.render.faces import face_table, verdict_pill

ENGLISH = LANGUAGES["en"]


def test_numbers_have_the_digits_of_the_json() -> None:
    html = face_table(PHOTO, ENGLISH)
    face = FaceDocument.from_result(FAKE).to_json()
    assert f'data-label="Fake probability">{face["fake_prob"]:.4f}</td>' in html
    assert f'data-label="Raw score">{face["fake_logit"]:.4f}</td>' in html
    assert "too small to judge" in html
    assert face_table(dataclasses.replace(PHOTO, faces=()), ENGLISH) == ""


def test_rows_of_a_video_are_persons() -> None:
    html = face_table(VIDEO, ENGLISH)
    assert '<th scope="row" data-label="Person">1</th>' in html
    assert '<td data-label="Frames judged">3</td>' in html


@pytest.mark.parametrize("reason", get_args(NotJudgedReason))
@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_persons_without_a_verdict_have_a_row_with_the_reason(reason: NotJudgedReason, texts: Texts) -> None:
    hidden = tuple(dataclasses.replace(SMALL, time=time, track=0, not_judged=reason) for time in (0.0, 1.0))
    judged = dataclasses.replace(FAKE, time=1.0, track=1)
    alone = dataclasses.replace(VIDEO, outcome="face_too_small", verdict=None, faces=hidden, tracks=())
    both = dataclasses.replace(VIDEO, faces=(*hidden, judged), tracks=(dataclasses.replace(TRACK, track=1),))
    if reason == "not_a_face":
        assert face_table(alone, texts) == ""
        return
    assert texts.not_judged[reason] in face_table(alone, texts)
    html = face_table(both, texts)
    assert html.index(texts.not_judged[reason]) < html.index(texts.verdicts["fake"])
    numbers = [f'data-label="{texts.columns["person"]}">{number}</th>' for number in (1, 2)]
    assert all(number in html for number in numbers)


def test_unstable_verdicts_are_not_in_the_table() -> None:
    html = face_table(stable_result(PHOTO, [FLIPPING, None]), ENGLISH)
    assert "looks manipulated" not in html
    assert "inconclusive" in html


def test_a_pill_has_the_colour_of_its_verdict() -> None:
    assert verdict_pill("fake", ENGLISH) == '<span class="lens-pill lens-fake">looks manipulated</span>'
    assert "lens-unjudged" in verdict_pill(None, ENGLISH)


@pytest.mark.parametrize("reason", get_args(NotJudgedReason))
@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_every_reason_not_to_judge_a_face_has_a_phrase(reason: NotJudgedReason, texts: Texts) -> None:
    hidden = dataclasses.replace(SMALL, not_judged=reason)
    html = face_table(dataclasses.replace(PHOTO, faces=(FAKE, hidden)), texts)
    assert texts.not_judged[reason] in html
    assert texts.verdicts["unjudged"] not in html.replace(texts.not_judged[reason], "")


def test_segments_are_listed_if_a_verdict_changes() -> None:
    constant = (Segment(0, 0.0, 12.0, 0.8, "fake", 1.2, 3),)
    changing = (*constant, Segment(0, 12.0, 75.5, 0.1, "real", -2.0, 5))
    assert "Passage" not in face_table(dataclasses.replace(VIDEO, segments=constant), ENGLISH)
    html = face_table(dataclasses.replace(VIDEO, segments=changing), ENGLISH)
    assert "0:00 to 0:12" in html
    assert "0:12 to 1:15" in html


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_the_tables_of_a_video_say_what_is_a_mean_and_what_a_passage(texts: Texts) -> None:
    persons, passages = face_table(PARTLY_FAKE, texts).split(f"<caption>{texts.segment_table}</caption>")
    assert f"<caption>{texts.person_table}</caption>" in persons
    assert texts.verdicts["inconclusive"] in persons
    assert texts.verdicts["fake"] in passages
    assert "<caption>" not in face_table(PHOTO, texts)
