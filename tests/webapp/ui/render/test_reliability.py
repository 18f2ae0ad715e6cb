"""Tests of the stability rows and the reliability lines."""

from __future__ import annotations

import dataclasses

import pytest

from laanet_core.results import Stability, Variant, Verdict
from tests.webapp.sample_results import FLIPPING, PHOTO, TRACK, VIDEO
from webapp.texts import LANGUAGES
from webapp.ui.render.reliability import (
    ReliabilityLine,
    reliability_lines,
    stability_rows,
)

ENGLISH = LANGUAGES["en"]
FINDINGS = ENGLISH.stability_findings
STABLE = Stability((Variant("jpeg_90", 1.0, 0.8, "fake", "fake"),), True, "fake")


def test_every_variant_is_shown_and_a_flip_is_marked() -> None:
    row = stability_rows(PHOTO, [FLIPPING, None], ENGLISH)[1]
    assert [cell.number for cell in row.cells] == ["88%", "80%", "5%"]
    assert [cell.is_opposite for cell in row.cells] == [False, False, True]
    assert (row.colour, row.sentence) == ("inconclusive", FINDINGS["flips"])
    assert stability_rows(PHOTO, [None, None], ENGLISH) == {}


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
    assert stability_rows(PHOTO, [stability, None], ENGLISH)[1].colour == colour


def test_a_stable_frame_of_an_inconclusive_video_is_not_green() -> None:
    unsure = dataclasses.replace(
        VIDEO, verdict="inconclusive", tracks=(dataclasses.replace(TRACK, verdict="inconclusive"),)
    )
    row = stability_rows(unsure, [STABLE], ENGLISH)[1]
    assert row.colour == "inconclusive"
    assert ENGLISH.stability_one_frame.format(verdict="inconclusive") in row.sentence
    sure = stability_rows(VIDEO, [STABLE], ENGLISH)[1]
    assert (sure.colour, sure.sentence) == ("real", FINDINGS["holds"])


def test_the_row_of_a_video_is_about_one_frame_and_has_the_number_of_its_person() -> None:
    second = dataclasses.replace(
        VIDEO, faces=tuple(dataclasses.replace(face, track=1) for face in VIDEO.faces[:1])
    )
    assert stability_rows(VIDEO, [STABLE], ENGLISH)[1].help == ENGLISH.stability_help_clip
    assert list(stability_rows(second, [STABLE], ENGLISH)) == [2]


def test_reliability_lines_name_their_subject() -> None:
    line = ReliabilityLine("Face 1", "image", 40, 0.75, (0.5981, 0.8581))
    html = reliability_lines([line], ENGLISH)
    assert "<b>Face 1</b>" in html
    assert "75% were fake" in html
    assert ENGLISH.reliability_of_mean not in html
    person = dataclasses.replace(line, kind="video")
    assert ENGLISH.reliability_of_mean in reliability_lines([person], ENGLISH)
    assert reliability_lines([], ENGLISH) == ""
