"""Tests of the examples as results of a visit."""

from __future__ import annotations

import time

import pytest

from laanet_core.inference.key_frames import Moment
from webapp.examples import answers
from webapp.texts import LANGUAGES
from webapp.ui.render import cards, picture

# Seconds of processor time on a slow machine. The limit for the click is 0.3 s.
_LIMIT = 0.3


@pytest.mark.parametrize("name", answers.NAMES)
def test_an_example_is_drawn_at_once(name: str) -> None:
    answer, frames = answers.load(name), answers.frames_of(name)
    began = time.process_time()
    moments = [
        Moment(
            frame.rgb,
            frame.time,
            tuple(face for face in answer.result.faces if face.time in (None, frame.time)),
        )
        for frame in frames
    ]
    texts = LANGUAGES["en"]
    if answer.result.kind == "image":
        images = cards.photo_images(moments[0])
        picture.picture(moments[0].rgb, moments[0].faces, texts)
    else:
        images = cards.clip_images(moments)
        picture.moments(moments, texts)
    cards.subjects_of(answer.result, images, texts)
    assert time.process_time() - began < _LIMIT
