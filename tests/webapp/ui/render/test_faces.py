"""Tests of the table of faces or persons."""

from __future__ import annotations

import dataclasses

from laanet_core.documents import FaceDocument
from laanet_core.inference.stable_verdicts import stable_result
from tests.webapp.sample_results import FAKE, FLIPPING, PHOTO, VIDEO
from webapp.texts import LANGUAGES
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


def test_unstable_verdicts_are_not_in_the_table() -> None:
    html = face_table(stable_result(PHOTO, [FLIPPING, None]), ENGLISH)
    assert "looks manipulated" not in html
    assert "inconclusive" in html


def test_a_pill_has_the_colour_of_its_verdict() -> None:
    assert verdict_pill("fake", ENGLISH) == '<span class="lens-pill lens-fake">looks manipulated</span>'
    assert "lens-unjudged" in verdict_pill(None, ENGLISH)
