from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from laanet_core.config import DecisionConfig
from laanet_core.results import AnalysisResult, ErrorInfo, FaceResult, Heatmap, ModelInfo, TrackResult
from laanet_core.stability import Stability, Variant
from webapp.ui.render import faces, facts, picture, record, timeline, trust
from webapp.ui.render.headline import headline, message
from webapp.ui.texts import LANGUAGES, Texts

ENGLISH = LANGUAGES["en"]
MODEL = ModelInfo("laanet-lite", "1", "0" * 64)
HEAT = Heatmap(np.full((8, 8), 0.02, np.float32), (0, 0, 60, 60))
HEAT.values[4, 3] = 0.4  # one vulnerable point
FAKE = FaceResult((5, 5, 50, 55), 0.99, 1.23456, 0.87654, "fake", heatmap=HEAT)
SMALL = FaceResult((60, 5, 80, 25), 0.97, None, None, None)
PICTURE = AnalysisResult("image", "verdict", "fake", 0.87654, (FAKE, SMALL), MODEL, 0.2, size=(100, 80))
TRACK = TrackResult(0, 3, 1.2, 0.8, "fake")
CLIP = dataclasses.replace(
    PICTURE,
    kind="video",
    faces=(*(dataclasses.replace(FAKE, time=0.5 * number, track=0) for number in range(3)), dataclasses.replace(SMALL, time=1.0, track=1)),
    tracks=(TRACK,),
)


def test_the_headline_says_it_in_words_first() -> None:
    assert "1 of 2 faces" in headline(PICTURE, ENGLISH)
    assert "This face" in headline(dataclasses.replace(PICTURE, faces=(FAKE,)), ENGLISH)
    assert "<strong>0.8765</strong>" in headline(PICTURE, ENGLISH)
    none = dataclasses.replace(PICTURE, outcome="no_face", verdict=None, fake_prob=None, faces=())
    assert "No face found" in headline(none, ENGLISH)
    for verdict in ("real", "inconclusive"):
        text = headline(dataclasses.replace(PICTURE, verdict=verdict, fake_prob=0.2), ENGLISH)  # type: ignore[arg-type]
        assert "manipulated</h2>" not in text
    fallen = headline(PICTURE, ENGLISH, unstable=True)
    assert "<h2>Cannot tell</h2>" in fallen
    assert "lens-inconclusive" in fallen
    assert "unstable_verdict" in fallen


def test_rejections_show_what_to_do_and_the_code_and_nothing_unescaped() -> None:
    error = ErrorInfo("corrupt_image", "Bad <img src=x onerror=alert(1)> file.")
    rejected = dataclasses.replace(PICTURE, outcome="rejected", verdict=None, fake_prob=None, faces=(), error=error)
    text = headline(rejected, ENGLISH)
    assert "<code>corrupt_image</code>" in text
    assert "Try the original file" in text
    unknown = headline(dataclasses.replace(rejected, error=ErrorInfo("new_code", error.message)), ENGLISH)
    assert "Bad &lt;img" in unknown
    assert "<script" not in message("<script>alert(1)</script>")
    assert "<b>" not in facts.model_facts(ModelInfo("<b>", "<b>", "<b>"), DecisionConfig(), "<b>", ENGLISH)


def test_the_table_has_the_digits_of_the_json() -> None:
    text = faces.table(PICTURE, ENGLISH)
    face = FAKE.to_json()
    assert f"data-label='Fake probability'>{face['fake_prob']:.4f}</td><td data-label='Raw score'>{face['fake_logit']:.4f}</td>" in text
    assert "too small to judge" in text
    assert faces.table(dataclasses.replace(PICTURE, faces=()), ENGLISH) == ""


def test_a_clips_table_and_timeline_are_by_person() -> None:
    assert "<th scope='row' data-label='Person'>1</th>" in faces.table(CLIP, ENGLISH)
    assert [(row["time"], row["person"]) for row in timeline.rows(CLIP)] == [(0, "Person 1"), (0.5, "Person 1"), (1, "Person 1")]
    plot = timeline.plot(CLIP, DecisionConfig(real_below=0.2, fake_above=0.7), ENGLISH)
    assert plot.count("<circle") == 3
    assert "data-last='1.000'" in plot
    assert "Person 1: 0.8765–0.8765" in plot  # for those who do not see it
    bands = [float(height) for height in re.findall(r"lens-band[^>]* height='([\d.]+)'", plot)]
    assert bands == pytest.approx([170 * share for share in (0.3, 0.5, 0.2)], abs=0.2)
    assert timeline.plot(PICTURE, DecisionConfig(), ENGLISH) == ""


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=list(LANGUAGES))
def test_pictures_carry_words_for_those_who_do_not_see_them(texts: Texts) -> None:
    rgb = np.full((80, 100, 3), 120, np.uint8)
    text = picture.picture(rgb, PICTURE.faces, texts)
    for number, verdict in ((1, "fake"), (2, "unjudged")):
        assert f"{texts.face_number.format(number=number)} {texts.verdicts[verdict]}" in text
    assert text.count("<img") == 2
    assert len(re.findall(r"<label[^>]*>[^<]+<input type='range'", text)) == 2
    assert len(re.findall(r"<label[^>]*><input type='checkbox'", text)) == 2
    assert text.count("class='lens-point'") == 1
    assert "<input" not in picture.picture(rgb, (), texts)


@pytest.mark.parametrize("shape", [(80, 100, 3), (3000, 2000, 3), (20, 4000, 3)])
def test_pictures_of_any_size_are_shown(shape: tuple[int, int, int]) -> None:
    assert len(picture.picture(np.zeros(shape, np.uint8), (FAKE,), ENGLISH)) < 2_000_000


def test_the_strip_shows_every_change_and_names_a_verdict_that_turns() -> None:
    variants = (Variant("jpeg_90", 1.0, 0.8, "fake", "fake"), Variant("half_size", -3.0, 0.05, "real", "fake"))
    text = trust.stability_strip(PICTURE.faces, [Stability(variants, False, "inconclusive"), None], ENGLISH)
    assert [float(value) for value in re.findall(r"<strong>([\d.]+)</strong>", text)] == [0.8765, 0.8, 0.05]
    assert text.count("lens-opposite") == 1
    assert ENGLISH.stability_flips in text
    assert ENGLISH.stability_holds in trust.stability_strip(PICTURE.faces, [Stability(variants[:1], True, "fake"), None], ENGLISH)
    unsure = (Variant("jpeg_90", 0.0, 0.5, "inconclusive", "fake"),)
    assert ENGLISH.stability_wavers in trust.stability_strip(PICTURE.faces, [Stability(unsure, True, "fake"), None], ENGLISH)
    assert trust.stability_strip(PICTURE.faces, [None, None], ENGLISH) == ""


def test_what_cannot_be_told_does_not_hold() -> None:
    face = dataclasses.replace(FAKE, fake_prob=0.5, verdict="inconclusive")
    unsure, told = Variant("jpeg_90", 0.0, 0.5, "inconclusive", "inconclusive"), Variant("jpeg_50", -3.0, 0.05, "real", "inconclusive")
    for variants, words in (((unsure,), ENGLISH.stability_untold), ((unsure, told), ENGLISH.stability_told_after)):
        text = trust.stability_strip((face,), [Stability(variants, True, "inconclusive")], ENGLISH)
        assert f"lens-inconclusive'>{words}" in text
        assert ENGLISH.stability_holds not in text
        assert ENGLISH.stability_wavers not in text


def test_the_strip_of_a_clip_says_that_it_is_about_one_moment_and_names_persons() -> None:
    text = trust.stability_strip(CLIP.faces[:1], [Stability((), True, "fake")], ENGLISH, clip=True)
    assert ENGLISH.stability_help_clip in text
    assert ENGLISH.stability_help not in text
    assert "Person 1" in text


def test_carriage_returns_of_a_note_survive_the_browser() -> None:
    assert record.exact("a\r\n<b>\r") == "a&#13;\n&lt;b&gt;&#13;"


def test_a_record_shows_notes_as_text() -> None:
    note = "<img src=x onerror=alert(1)> \u202e 名前\n  second line"
    vote = {"vote": "disagree", "tags": ["eyes"], "note": note, "region": None, "face": 1, "created_at": "2026-11-25T03:05:00+00:00"}
    found = {
        **PICTURE.to_json(),
        "created_at": "2026-11-25T03:04:05+00:00",
        "feedback": [{**vote, "note": ""}, {**vote, "region": "iVBO"}],
        "later_scores": [],
        "decision": None,
        "waiting": [],
        "reliability": [],
        "media": {"kept_since": "2026-11-25T03:04:05+00:00", "kept": {"sha256": "0" * 64}},
        "durable": True,
    }
    text = record.record(found, ENGLISH)
    assert "&lt;img src=x onerror=alert(1)&gt; \u202e 名前\n  second line" in text
    assert "<img" not in text
    assert "Face 1 · 2026-11-25 03:05 · Eyes · replaced by a later vote" in text
    assert "Face 1 · 2026-11-25 03:05 · Eyes · a place is marked" in text
    assert "Not decided yet." in text
    assert "A backup holds this result." in text
    assert "The next backup will hold" in record.record({**found, "durable": False}, ENGLISH)
    assert "1 of 2 faces looks manipulated" in text
