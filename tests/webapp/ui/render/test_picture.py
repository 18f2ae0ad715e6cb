"""Tests of the images with boxes, heatmap and vulnerable points."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from laanet_core.inference.key_frames import Moment
from laanet_core.inference.stable_verdicts import stable_result
from tests.webapp.sample_results import FAKE, FLIPPING, PHOTO, SMALL
from webapp.texts import LANGUAGES, Texts
from webapp.texts.formats import number_text
from webapp.ui.render.picture import moments, picture

ENGLISH = LANGUAGES["en"]
ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
GREY = np.full((80, 100, 3), 120, np.uint8)
BOX = re.compile(r'lens-box lens-(\w+)"[^>]*><b>(\d)</b>', re.DOTALL)


@ALL_LANGUAGES
def test_images_have_a_text_alternative_and_labelled_controls(texts: Texts) -> None:
    html = picture(GREY, PHOTO.faces, texts)
    for number, phrase in ((1, texts.verdicts["fake"]), (2, texts.not_judged["too_small"])):
        assert f"{texts.face_number.format(number=number)} {phrase}" in html
    assert html.count("<img") == 2
    assert len(re.findall(r'<label[^>]*>[^<]+<input type="range"', html)) == 2
    assert len(re.findall(r'<label[^>]*><input type="checkbox"', html)) == 2
    assert html.count('class="lens-point"') == 1
    assert "<input" not in picture(GREY, (), texts)


@ALL_LANGUAGES
def test_faces_of_a_frame_have_the_numbers_of_their_persons(texts: Texts) -> None:
    faces = (dataclasses.replace(FAKE, time=1.0, track=1), dataclasses.replace(SMALL, time=1.0, track=0))
    html = moments([Moment(GREY, 1.0, faces)], texts)
    assert BOX.findall(html) == [("fake", "2"), ("unjudged", "1")]
    assert f"{texts.person_number.format(number=2)} {texts.verdicts['fake']}" in html
    assert f"{texts.person_number.format(number=1)} {texts.not_judged['too_small']}" in html
    assert texts.go_to.format(seconds=number_text(1.0, texts, 2)) in html
    assert moments([], texts) == ""


@pytest.mark.parametrize("shape", [(80, 100, 3), (3000, 2000, 3), (20, 4000, 3)])
def test_images_of_any_size_are_scaled_to_the_page(shape: tuple[int, int, int]) -> None:
    assert len(picture(np.zeros(shape, np.uint8), (FAKE,), ENGLISH)) < 2_000_000


def test_an_unstable_verdict_changes_the_box() -> None:
    html = picture(GREY, stable_result(PHOTO, [FLIPPING, None]).faces, ENGLISH)
    assert BOX.findall(html)[0] == ("inconclusive", "1")
