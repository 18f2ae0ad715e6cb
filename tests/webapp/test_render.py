from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from laanet_core.config import DecisionConfig
from laanet_core.results import AnalysisResult, ErrorInfo, FaceResult, Heatmap, ModelInfo, TrackResult
from webapp.ui import render

MODEL = ModelInfo("laanet-lite", "1", "0" * 64)
HEAT = Heatmap(np.full((8, 8), 0.4, np.float32), (0, 0, 60, 60))
FAKE = FaceResult((5, 5, 50, 55), 0.99, 1.23456, 0.87654, "fake", heatmap=HEAT)
SMALL = FaceResult((60, 5, 80, 25), 0.97, None, None, None)
PICTURE = AnalysisResult("image", "verdict", "fake", 0.87654, (FAKE, SMALL), MODEL, 0.2, size=(100, 80))


def test_the_headline_says_it_in_words_first() -> None:
    assert "1 of 2 faces" in render.headline(PICTURE)
    assert "This face" in render.headline(dataclasses.replace(PICTURE, faces=(FAKE,)))
    assert "<strong>0.8765</strong>" in render.headline(PICTURE)
    none = dataclasses.replace(PICTURE, outcome="no_face", verdict=None, fake_prob=None, faces=())
    assert "No face found" in render.headline(none)
    for verdict in ("real", "inconclusive"):
        text = render.headline(dataclasses.replace(PICTURE, verdict=verdict, fake_prob=0.2))  # type: ignore[arg-type]
        assert "manipulated</h2>" not in text


def test_rejections_show_sentence_and_code_and_nothing_unescaped() -> None:
    error = ErrorInfo("corrupt_image", "Bad <img src=x onerror=alert(1)> file.")
    text = render.headline(dataclasses.replace(PICTURE, outcome="rejected", verdict=None, fake_prob=None, faces=(), error=error))
    assert "<code>corrupt_image</code>" in text
    assert "<img" not in text
    assert "<script" not in render.message("<script>alert(1)</script>")
    assert "<b>" not in render.model_facts(ModelInfo("<b>", "<b>", "<b>"), DecisionConfig(), "<b>")


def test_the_table_has_the_digits_of_the_json() -> None:
    text = render.table(PICTURE)
    face = FAKE.to_json()
    assert f"<td>{face['fake_prob']:.4f}</td><td>{face['fake_logit']:.4f}</td>" in text
    assert "too small to judge" in text
    assert render.table(dataclasses.replace(PICTURE, faces=())) == ""


def test_a_clips_table_and_timeline_are_by_person() -> None:
    faces = tuple(dataclasses.replace(FAKE, time=0.5 * number, track=0) for number in range(3))
    track = TrackResult(0, 3, 1.2, 0.8, "fake")
    clip = dataclasses.replace(PICTURE, kind="video", faces=(*faces, dataclasses.replace(SMALL, time=1.0, track=1)), tracks=(track,))
    assert "<th scope='row'>1</th>" in render.table(clip)
    assert [(row["time"], row["person"]) for row in render.timeline(clip)] == [(0, "Person 1"), (0.5, "Person 1"), (1, "Person 1")]


def test_pictures_carry_words_for_those_who_do_not_see_them() -> None:
    rgb = np.full((80, 100, 3), 120, np.uint8)
    text = render.picture(rgb, PICTURE.faces)
    assert "face 1 looks manipulated, face 2 too small to judge" in text
    assert text.count("<img") == 2
    assert re.search(r"<input type='range'", text)
    assert "<input" not in render.picture(rgb, ())


@pytest.mark.parametrize("shape", [(80, 100, 3), (3000, 2000, 3), (20, 4000, 3)])
def test_pictures_of_any_size_are_shown(shape: tuple[int, int, int]) -> None:
    assert len(render.picture(np.zeros(shape, np.uint8), (FAKE,))) < 2_000_000
