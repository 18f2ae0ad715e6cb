"""Tests of the headline and of the notices in its place."""

from __future__ import annotations

import dataclasses
import re

import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.inference.stable_verdicts import stable_result
from laanet_core.results import (
    CAUTIONS,
    AnalysisResult,
    Coverage,
    ErrorInfo,
    ModelInfo,
    Provenance,
    ProvenanceSource,
    Segment,
)
from tests.webapp.sample_results import FAKE, FLIPPING, PHOTO, SMALL, VIDEO, without_faces
from webapp.texts import LANGUAGES, Texts
from webapp.texts.sentences import summarise
from webapp.ui.render.headline import error_text, example_note, fallback_notice, headline, message

ENGLISH = LANGUAGES["en"]
ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)


def test_verdict_comes_before_the_number() -> None:
    html = headline(PHOTO, ENGLISH)
    assert "<h2>Looks manipulated: 1 of 2 faces</h2>" in html
    assert "<strong>88%</strong> (all faces together)" in html
    assert "highest of" not in headline(dataclasses.replace(PHOTO, faces=(FAKE,)), ENGLISH)


@ALL_LANGUAGES
def test_a_low_probability_is_no_share_of_the_face(texts: Texts) -> None:
    unsure = dataclasses.replace(PHOTO, verdict="inconclusive", fake_prob=0.29)
    assert f"<p>{summarise(unsure).probability_caveat(0.29, texts)}</p>" in headline(unsure, texts)
    assert texts.not_a_share not in headline(PHOTO, texts)
    assert "<p></p>" not in headline(PHOTO, texts)


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


@ALL_LANGUAGES
def test_the_note_on_an_example_names_the_model(texts: Texts) -> None:
    html = example_note("A crowd", ModelInfo("laanet-lite", "1.2", "0" * 64), texts)
    assert "A crowd" in html
    assert "laanet-lite 1.2" in html


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
    assert texts.coverage.forms["other"].format(covered="14", length="15", frames=9) in html
    passage = texts.segment.format(start="0:12", end="0:15")
    assert f"<h2>{texts.part_fake.format(segments=passage)}</h2>" in html
    assert texts.outcomes["fake"][0] == headline_title(
        dataclasses.replace(VIDEO, segments=segments[1:]), texts
    )


def headline_title(result: AnalysisResult, texts: Texts) -> str:
    found = re.search("<h2>(.*?)</h2>", headline(result, texts))
    assert found is not None
    return found[1]


def test_many_fake_segments_are_counted_in_the_title_and_listed_below() -> None:
    segments = tuple(
        Segment(0, 10.0 * number, 10.0 * number + 5, 0.9, verdict, 3.0, 4)
        for number, verdict in enumerate(("fake", "real", "fake", "real", "fake"))
    )
    html = headline(dataclasses.replace(VIDEO, segments=segments), ENGLISH)
    assert "Part of this clip looks manipulated (0:00 to 0:05, 0:20 to 0:25, 1 more)" in html
    assert "Looks manipulated: 0:00 to 0:05, 0:20 to 0:25, 0:40 to 0:45." in html


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


@ALL_LANGUAGES
def test_statement_of_the_file_stands_above_the_unchanged_verdict(texts: Texts) -> None:
    text = ProvenanceSource("png_text", "generator_text", "<b>Paint</b>")
    stated = Provenance(ai_generated=True, sources=(text,))
    result = dataclasses.replace(PHOTO, provenance=stated, conflict="generator_text_in_camera_file")
    html, plain = headline(result, texts), headline(PHOTO, texts)
    assert html.index(texts.provenance.ai_titles["made"]) < html.index(texts.outcomes["fake"][0])
    # The network's opinion is the same, word for word.
    assert plain in html
    assert texts.provenance.conflicts["generator_text_in_camera_file"] in html
    assert "<b>Paint" not in html


def test_file_without_credentials_has_no_statement_above_the_verdict() -> None:
    html = headline(dataclasses.replace(PHOTO, provenance=Provenance()), ENGLISH)
    assert ENGLISH.provenance.statuses["none"] in html
    assert "lens-stated" not in html
