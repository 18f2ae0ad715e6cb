"""Tests of the stability strip and the reliability lines."""

from __future__ import annotations

import dataclasses
import re

import pytest

from laanet_core.results import Stability, Variant, Verdict
from tests.webapp.sample_results import FLIPPING, PHOTO, TRACK, VIDEO
from webapp.texts import LANGUAGES
from webapp.ui.render.reliability import (
    ReliabilityLine,
    reliability_lines,
    stability_strip,
    waiting_strip,
)

ENGLISH = LANGUAGES["en"]
FINDINGS = ENGLISH.stability_findings
STABLE = Stability((Variant("jpeg_90", 1.0, 0.8, "fake", "fake"),), True, "fake")


def test_every_variant_is_shown_and_a_flip_is_marked() -> None:
    html = stability_strip(PHOTO, [FLIPPING, None], ENGLISH)
    assert re.findall(r"<strong>([\d.]+)</strong>", html) == ["0.8765", "0.8000", "0.0500"]
    assert html.count("lens-opposite") == 1
    assert f'lens-inconclusive">{FINDINGS["flips"]}<' in html
    assert stability_strip(PHOTO, [None, None], ENGLISH) == ""


@pytest.mark.parametrize(
    ("verdicts", "stable", "colour"),
    [
        (["fake", "fake"], True, "real"),
        (["fake", None], True, "unjudged"),
        (["fake", "inconclusive"], True, "inconclusive"),
        (["inconclusive", None], False, "inconclusive"),
    ],
)
def test_only_a_verdict_that_never_changes_is_green(
    verdicts: list[Verdict | None], stable: bool, colour: str
) -> None:
    variants = tuple(
        Variant(name, 0.0, 0.5, verdict, "fake")
        for name, verdict in zip(("jpeg_90", "half_size"), verdicts, strict=True)
    )
    stability = Stability(variants, stable, "fake" if stable else "inconclusive")
    html = stability_strip(PHOTO, [stability, None], ENGLISH)
    assert f'<p class="lens-pill lens-{colour}">' in html


def test_a_stable_frame_of_an_inconclusive_video_is_not_green() -> None:
    unsure = dataclasses.replace(
        VIDEO, verdict="inconclusive", tracks=(dataclasses.replace(TRACK, verdict="inconclusive"),)
    )
    html = stability_strip(unsure, [STABLE], ENGLISH)
    assert '<p class="lens-pill lens-real"' not in html
    assert ENGLISH.stability_one_frame.format(verdict="inconclusive") in html
    assert f'<p class="lens-pill lens-real">{FINDINGS["holds"]}<' in stability_strip(VIDEO, [STABLE], ENGLISH)


def test_the_strip_of_a_video_is_about_one_frame_and_names_persons() -> None:
    html = stability_strip(VIDEO, [STABLE], ENGLISH)
    assert ENGLISH.stability_help_clip in html
    assert ENGLISH.stability_help not in html
    assert "<b>Person 1</b>" in html


def test_the_waiting_strip_has_no_rows() -> None:
    html = waiting_strip(ENGLISH)
    assert ENGLISH.stability_running in html
    assert "lens-strip" not in html


def test_reliability_lines_name_their_subject() -> None:
    line = ReliabilityLine("Face 1", 40, 0.75, (0.5981, 0.8581))
    html = reliability_lines([line], ENGLISH)
    assert "<b>Face 1</b>" in html
    assert "75% were fake" in html
    assert reliability_lines([], ENGLISH) == ""
