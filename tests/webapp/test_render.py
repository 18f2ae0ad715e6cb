from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from laanet_core.decision import DecisionConfig
from laanet_core.inference.key_frames import Moment
from laanet_core.inference.stability import Stability, Variant
from laanet_core.inference.stable_verdicts import held_answer
from laanet_core.results import (
    CAUTIONS,
    AnalysisResult,
    ErrorInfo,
    FaceResult,
    Heatmap,
    ModelInfo,
    TrackResult,
    Verdict,
)
from webapp.texts import LANGUAGES, Texts
from webapp.ui.render import faces, facts, picture, record, timeline
from webapp.ui.render import reliability as trust
from webapp.ui.render.headline import headline, message

ENGLISH = LANGUAGES["en"]
FINDINGS = ENGLISH.stability_findings
MODEL = ModelInfo("laanet-lite", "1", "0" * 64)
HEAT = Heatmap(np.full((8, 8), 0.02, np.float32), (0, 0, 60, 60))
HEAT.values[4, 3] = 0.4  # one vulnerable point
FAKE = FaceResult((5, 5, 50, 55), 0.99, 1.23456, 0.87654, "fake", heatmap=HEAT)
SMALL = FaceResult((60, 5, 80, 25), 0.97, None, None, None)
PICTURE = AnalysisResult("image", "verdict", "fake", 0.87654, (FAKE, SMALL), MODEL, 0.2, size=(100, 80))
FALLEN = Stability(
    (Variant("jpeg_90", 1.0, 0.8, "fake", "fake"), Variant("half_size", -3.0, 0.05, "real", "fake")),
    False,
    "inconclusive",
)
TRACK = TrackResult(0, 3, 1.2, 0.8, "fake")
CLIP = dataclasses.replace(
    PICTURE,
    kind="video",
    faces=(
        *(dataclasses.replace(FAKE, time=0.5 * number, track=0) for number in range(3)),
        dataclasses.replace(SMALL, time=1.0, track=1),
    ),
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
    fallen = headline(held_answer(PICTURE, [FALLEN, None]), ENGLISH, unstable=True)
    assert "<h2>Cannot tell for 1 of 2 faces</h2>" in fallen
    assert "The others: 1 × too small to judge." in fallen
    assert "lens-inconclusive" in fallen
    assert "unstable_verdict" in fallen


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_the_headline_and_the_receipt_say_that_only_a_part_was_judged(texts: Texts) -> None:
    stored = {
        "created_at": "2026-11-25T03:04:05+00:00",
        "held": None,
        "unstable_faces": [],
        "feedback": [],
        "later_scores": [],
    }
    stored |= {
        "decision": None,
        "waiting": [],
        "reliability": [],
        "media": {"kept_since": None, "kept": None},
        "durable": True,
    }
    for result in (
        PICTURE,
        CLIP,
        dataclasses.replace(CLIP, outcome="no_face", verdict=None, fake_prob=None, faces=(), tracks=()),
    ):
        for caution in CAUTIONS:
            told = dataclasses.replace(result, cautions=(caution,))
            for text in (headline(told, texts), record.record({**told.to_json(), **stored}, texts)):
                assert [f"<p>{words}</p>" in text for words in texts.cautions.values()] == [
                    code == caution for code in CAUTIONS
                ]


def test_rejections_show_what_to_do_and_the_code_and_nothing_unescaped() -> None:
    error = ErrorInfo("corrupt_image", "Bad <img src=x onerror=alert(1)> file.")
    rejected = dataclasses.replace(
        PICTURE, outcome="rejected", verdict=None, fake_prob=None, faces=(), error=error
    )
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
    assert (
        f"data-label='Fake probability'>{face['fake_prob']:.4f}</td><td data-label='Raw score'>{face['fake_logit']:.4f}</td>"
        in text
    )
    assert "too small to judge" in text
    assert faces.table(dataclasses.replace(PICTURE, faces=()), ENGLISH) == ""


def test_a_clips_table_and_timeline_are_by_person() -> None:
    assert "<th scope='row' data-label='Person'>1</th>" in faces.table(CLIP, ENGLISH)
    assert [(row["time"], row["person"]) for row in timeline.rows(CLIP)] == [
        (0, "Person 1"),
        (0.5, "Person 1"),
        (1, "Person 1"),
    ]
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


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=list(LANGUAGES))
def test_faces_of_a_moment_have_their_persons_numbers(texts: Texts) -> None:
    faces = (dataclasses.replace(FAKE, time=1.0, track=1), dataclasses.replace(SMALL, time=1.0, track=0))
    text = picture.moments([Moment(np.zeros((80, 100, 3), np.uint8), 1.0, faces)], texts)
    assert re.findall(r"lens-box lens-(\w+)'[^>]*><b>(\d)</b>", text) == [("fake", "2"), ("unjudged", "1")]
    assert f"{texts.person_number.format(number=2)} {texts.verdicts['fake']}" in text
    assert f"{texts.person_number.format(number=1)} {texts.verdicts['unjudged']}" in text


@pytest.mark.parametrize("shape", [(80, 100, 3), (3000, 2000, 3), (20, 4000, 3)])
def test_pictures_of_any_size_are_shown(shape: tuple[int, int, int]) -> None:
    assert len(picture.picture(np.zeros(shape, np.uint8), (FAKE,), ENGLISH)) < 2_000_000


def test_the_strip_shows_every_change_and_names_a_verdict_that_turns() -> None:
    text = trust.stability_strip(PICTURE, [FALLEN, None], ENGLISH)
    assert [float(value) for value in re.findall(r"<strong>([\d.]+)</strong>", text)] == [0.8765, 0.8, 0.05]
    assert text.count("lens-opposite") == 1
    assert f"lens-inconclusive'>{FINDINGS['flips']}<" in text
    assert trust.stability_strip(PICTURE, [None, None], ENGLISH) == ""


@pytest.mark.parametrize(
    ("variants", "stable", "colour", "words"),
    [
        ([("jpeg_90", "fake"), ("half_size", "fake")], True, "real", FINDINGS["holds"]),
        (
            [("jpeg_90", "fake"), ("half_size", None)],
            True,
            "unjudged",
            f"{FINDINGS['partly']} Too small to judge: Half size.",
        ),
        (
            [("jpeg_90", "fake"), ("jpeg_50", "inconclusive"), ("half_size", "inconclusive")],
            True,
            "inconclusive",
            FINDINGS["wavers"].format(names="JPEG 50, Half size"),
        ),
        (
            [("jpeg_90", "fake"), ("jpeg_50", "inconclusive"), ("half_size", None)],
            True,
            "inconclusive",
            f"{FINDINGS['wavers'].format(names='JPEG 50')} Too small to judge: Half size.",
        ),
        ([("jpeg_90", "inconclusive"), ("half_size", None)], False, "inconclusive", FINDINGS["lost"]),
    ],
)
def test_the_strip_is_green_only_where_every_copy_was_judged_alike(
    variants: list[tuple[str, Verdict | None]], stable: bool, colour: str, words: str
) -> None:
    found = tuple(Variant(name, 0.0, 0.5, verdict, "fake") for name, verdict in variants)
    text = trust.stability_strip(
        PICTURE, [Stability(found, stable, "fake" if stable else "inconclusive"), None], ENGLISH
    )
    assert f"<p class='lens-pill lens-{colour}'>{words}" in text


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=list(LANGUAGES))
def test_of_several_it_is_said_how_many_cannot_be_told(texts: Texts) -> None:
    real, unsure = (
        dataclasses.replace(FAKE, verdict="real", fake_prob=0.1),
        dataclasses.replace(FAKE, verdict="inconclusive", fake_prob=0.5),
    )
    crowd = dataclasses.replace(
        PICTURE, verdict="inconclusive", fake_prob=0.5, faces=(real, unsure, real, real)
    )
    text = headline(crowd, texts)
    assert f"<h2>{texts.untold_of.format(subject=texts.of_faces.format(some=1, count=4))}</h2>" in text
    assert texts.others.format(verdicts=f"3 × {texts.verdicts['real']}") in text
    alike = headline(dataclasses.replace(crowd, faces=(unsure, unsure)), texts)
    assert f"<h2>{texts.outcomes['inconclusive'][0]}</h2>" in alike
    assert "×" not in alike


def test_a_clip_that_cannot_be_told_says_when_it_looks_manipulated() -> None:
    verdicts: list[Verdict] = ["fake", "real", "fake", "fake", "fake", "inconclusive", "fake", "fake"]
    frames = tuple(
        dataclasses.replace(FAKE, time=0.5 * number, track=0, verdict=verdict, heatmap=HEAT)
        for number, verdict in enumerate(verdicts)
    )
    unsure = TrackResult(0, 8, 0.4, 0.6, "inconclusive")
    clip = dataclasses.replace(CLIP, verdict="inconclusive", fake_prob=0.6, faces=frames, tracks=(unsure,))
    text = headline(clip, ENGLISH)
    assert "<p>" + ENGLISH.stretch.format(start="1.00", end="2.00") + "</p>" in text
    one = dataclasses.replace(clip, faces=frames[:2])
    assert "<p>" + ENGLISH.stretch_frame.format(start="0.00") + "</p>" in headline(one, ENGLISH)
    two = dataclasses.replace(
        clip, faces=(*frames, dataclasses.replace(SMALL, time=1.5, track=1)), tracks=(unsure, TRACK)
    )
    assert "Person 1: From 1.00 s" in headline(two, ENGLISH)
    assert "looks manipulated" not in headline(dataclasses.replace(clip, faces=frames[1:2]), ENGLISH)
    assert "looks manipulated on" not in headline(dataclasses.replace(clip, verdict="fake"), ENGLISH)


def test_a_frame_that_holds_says_nothing_of_a_clip_that_cannot_be_told() -> None:
    unsure = dataclasses.replace(
        CLIP, verdict="inconclusive", tracks=(dataclasses.replace(TRACK, verdict="inconclusive"),)
    )
    holds = Stability((Variant("jpeg_90", 1.0, 0.8, "fake", "fake"),), True, "fake")
    text = trust.stability_strip(unsure, [holds], ENGLISH)
    assert "<p class='lens-pill lens-real'" not in text
    assert ENGLISH.stability_one_frame.format(verdict="cannot tell") in text
    assert f"<p class='lens-pill lens-real'>{FINDINGS['holds']}<" in trust.stability_strip(
        CLIP, [holds], ENGLISH
    )


def test_a_fallen_verdict_is_another_in_the_table_and_at_the_box() -> None:
    left = held_answer(PICTURE, [FALLEN, None])
    assert (left.verdict, left.fake_prob, left.faces[0].fake_prob) == (
        "inconclusive",
        PICTURE.fake_prob,
        FAKE.fake_prob,
    )
    text = faces.table(left, ENGLISH)
    assert "looks manipulated" not in text
    shown = picture.picture(np.full((80, 100, 3), 120, np.uint8), left.faces, ENGLISH)
    assert "lens-box lens-inconclusive" in shown
    assert "lens-box lens-fake" not in shown


def test_what_cannot_be_told_does_not_hold() -> None:
    face = dataclasses.replace(FAKE, fake_prob=0.5, verdict="inconclusive")
    unsure, told = (
        Variant("jpeg_90", 0.0, 0.5, "inconclusive", "inconclusive"),
        Variant("jpeg_50", -3.0, 0.05, "real", "inconclusive"),
    )
    small = Variant("half_size", None, None, None, "inconclusive")
    picture = dataclasses.replace(PICTURE, faces=(face,))
    for variants, words in (
        ((unsure,), "untold"),
        ((unsure, small), "untold"),
        ((unsure, told), "told_after"),
    ):
        text = trust.stability_strip(picture, [Stability(variants, True, "inconclusive")], ENGLISH)
        assert f"<p class='lens-pill lens-inconclusive'>{FINDINGS[words]}" in text


def test_the_strip_of_a_clip_says_that_it_is_about_one_moment_and_names_persons() -> None:
    text = trust.stability_strip(CLIP, [Stability((), True, "fake")], ENGLISH)
    assert ENGLISH.stability_help_clip in text
    assert ENGLISH.stability_help not in text
    assert "Person 1" in text


def test_carriage_returns_of_a_note_survive_the_browser() -> None:
    assert record.exact("a\r\n<b>\r") == "a&#13;\n&lt;b&gt;&#13;"


def test_a_record_shows_notes_as_text() -> None:
    note = "<img src=x onerror=alert(1)> \u202e 名前\n  second line"
    vote = {
        "vote": "disagree",
        "tags": ["eyes"],
        "note": note,
        "region": None,
        "face": 1,
        "created_at": "2026-11-25T03:05:00+00:00",
    }
    found = {
        **PICTURE.to_json(),
        "created_at": "2026-11-25T03:04:05+00:00",
        "held": None,
        "unstable_faces": [],
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
    fallen = record.record({**found, "held": False, "unstable_faces": [1]}, ENGLISH)
    assert "<h2>Cannot tell for 1 of 2 faces</h2>" in fallen
    assert "unstable_verdict" in fallen
    assert "looks manipulated" not in fallen
