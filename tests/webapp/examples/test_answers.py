"""Stored answers to the examples, against the shipped weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from laanet_core.inference.detector import Detector
from laanet_core.inference.stable_verdicts import stable_result
from webapp.examples import answers
from webapp.examples.answers import ExampleAnswer
from webapp.texts import LANGUAGES


def without_numbers(answer: ExampleAnswer) -> ExampleAnswer:
    """Return an answer without the numbers that differ in their last digits between processors."""
    result = answer.result
    faces = tuple(
        dataclasses.replace(
            face,
            box=(0, 0, 0, 0),
            detection_prob=0,
            fake_logit=None,
            fake_prob=None,
            heatmap=None,
            unmirrored_logit=None,
            quality=None,
        )
        for face in result.faces
    )
    tracks = tuple(dataclasses.replace(track, fake_logit=0, fake_prob=0) for track in result.tracks)
    segments = tuple(dataclasses.replace(one, fake_logit=0, fake_prob=0) for one in result.segments)
    checks = [
        None
        if check is None
        else dataclasses.replace(
            check,
            variants=tuple(
                dataclasses.replace(one, fake_logit=None, fake_prob=None) for one in check.variants
            ),
        )
        for check in answer.stabilities
    ]
    bare = dataclasses.replace(result, faces=faces, tracks=tracks, segments=segments, fake_prob=None)
    return dataclasses.replace(answer, result=bare, stabilities=checks)


@pytest.mark.parametrize("name", answers.NAMES)
def test_the_shipped_weights_give_the_stored_answer(name: str, detector: Detector) -> None:
    stored, computed = answers.load(name), answers.compute(name, detector)
    assert without_numbers(stored) == without_numbers(computed)
    assert stored.result.fake_prob == pytest.approx(computed.result.fake_prob, abs=2e-3)
    for face, expected in zip(stored.result.faces, computed.result.faces, strict=True):
        assert face.box == pytest.approx(expected.box, abs=0.1)
        assert face.fake_prob == pytest.approx(expected.fake_prob, abs=2e-3)
        if face.heatmap is not None:
            assert expected.heatmap is not None
            np.testing.assert_allclose(face.heatmap.values, expected.heatmap.values, atol=5e-3)


def test_an_answer_that_was_not_stored_is_missed() -> None:
    with pytest.raises(OSError, match="nothing"):
        answers.load("nothing.jpg")


def test_the_heatmaps_of_all_shown_frames_are_stored() -> None:
    for name in answers.NAMES:
        times = {frame.time for frame in answers.frames_of(name)}
        for face in answers.load(name).result.faces:
            is_shown = face.time is None or face.time in times
            assert (face.heatmap is not None) == (is_shown and face.is_judged), name


def test_the_examples_differ_from_each_other() -> None:
    results = [
        stable_result(one.result, one.stabilities) if one.stabilities else one.result
        for one in map(answers.load, answers.NAMES)
    ]
    shown = [(one.kind, one.outcome, one.verdict, len(one.faces) > 1) for one in results]
    assert len(set(shown)) == len(answers.NAMES)
    for texts in LANGUAGES.values():
        assert tuple(texts.example_captions) == answers.NAMES
