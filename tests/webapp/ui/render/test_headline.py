"""Tests of the headline and of the notices in its place."""

from __future__ import annotations

import dataclasses

import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.inference.stable_verdicts import stable_result
from laanet_core.results import CAUTIONS, Coverage, ErrorInfo, ModelInfo, Segment
from tests.webapp.sample_results import FAKE, FLIPPING, PHOTO, SMALL, VIDEO, without_faces
from webapp.texts import LANGUAGES, Texts
from webapp.ui.render.headline import error_text, fallback_notice, headline, message, welcome

ENGLISH = LANGUAGES["en"]
ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)


def test_verdict_comes_before_the_number() -> None:
    html = headline(PHOTO, ENGLISH)
    assert "<h2>Looks manipulated: 1 of 2 faces</h2>" in html
    assert "<strong>0.8765</strong> (all faces together)" in html
    assert "highest of" not in headline(dataclasses.replace(PHOTO, faces=(FAKE,)), ENGLISH)


def test_unstable_verdicts_are_inconclusive() -> None:
    html = headline(stable_result(PHOTO, [FLIPPING, None]), ENGLISH, unstable=True)
    assert "<h2>Inconclusive: 1 of 2 faces</h2>" in html
    assert "The others: 1 × not judged." in html
    assert "lens-inconclusive" in html
    assert "unstable_verdict" in html


@ALL_LANGUAGES
def test_partly_judged_files_get_a_caution(texts: Texts) -> None:
    for caution in CAUTIONS:
        html = headline(dataclasses.replace(VIDEO, cautions=(caution,)), texts)
        assert [f"<p>{texts.cautions[code]}</p>" in html for code in CAUTIONS] == [
            code == caution for code in CAUTIONS
        ]


def test_rejections_show_their_code_and_escape_every_value() -> None:
    error = ErrorInfo("corrupt_image", "Bad <img src=x onerror=alert(1)> file.")
    rejected = without_faces(PHOTO, "rejected", error=error)
    html = headline(rejected, ENGLISH)
    assert "<code>corrupt_image</code>" in html
    assert "Try the original file" in html
    unknown = dataclasses.replace(rejected, error=ErrorInfo("new_code", error.message))
    assert "Bad &lt;img" in headline(unknown, ENGLISH)
    assert "<script" not in message("<script>alert(1)</script>")


@ALL_LANGUAGES
def test_fallback_notice_names_the_model(texts: Texts) -> None:
    html = fallback_notice(ModelInfo("laanet-<lite>", "1.2", "0" * 64), texts)
    assert "laanet-&lt;lite&gt; 1.2" in html


def test_welcome_explains_the_three_verdicts() -> None:
    html = welcome(ENGLISH)
    assert all(ENGLISH.verdicts[verdict] in html for verdict in ("real", "fake", "inconclusive"))


def test_errors_after_the_analysis_ask_for_the_file_again() -> None:
    assert error_text(UnreadableMedia("file_not_found", "gone"), ENGLISH) == ENGLISH.file_gone
    assert error_text(UnreadableMedia("corrupt_image", "bad"), ENGLISH) == ENGLISH.errors["corrupt_image"]
    assert error_text(UnreadableMedia("new_code", "bad"), ENGLISH) == "bad"


@ALL_LANGUAGES
def test_fake_segments_and_coverage_are_stated(texts: Texts) -> None:
    segments = (Segment(0, 0.0, 12.0, 0.1, "real", -2.0, 5), Segment(0, 12.0, 15.0, 0.9, "fake", 3.0, 4))
    coverage = Coverage(frames_judged=9, seconds_covered=14.0, seconds=15.0)
    html = headline(dataclasses.replace(VIDEO, segments=segments, coverage=coverage), texts)
    assert texts.segment.format(start="0:12", end="0:15") in html
    assert texts.segment.format(start="0:00", end="0:12") not in html
    assert texts.seconds.format(seconds="14.0") in html


def test_faces_without_a_verdict_are_counted() -> None:
    assert "Faces without a verdict: 1 of 2." in headline(PHOTO, ENGLISH)
    assert "without a verdict" not in headline(dataclasses.replace(PHOTO, faces=(FAKE,)), ENGLISH)


def test_a_picture_without_a_judgeable_face_says_so() -> None:
    blurred = dataclasses.replace(SMALL, not_judged="blurred")
    unjudged = dataclasses.replace(
        PHOTO, outcome="face_too_small", verdict=None, fake_prob=None, faces=(SMALL, blurred)
    )
    assert "<h2>No face can be judged</h2>" in headline(unjudged, ENGLISH)
    assert "<h2>Too small to judge</h2>" in headline(dataclasses.replace(unjudged, faces=(SMALL,)), ENGLISH)
