"""Tests of the chart over time."""

from __future__ import annotations

import re

import pytest

from laanet_core.decision import DecisionConfig
from tests.webapp.sample_results import PHOTO, VIDEO
from webapp.texts import LANGUAGES
from webapp.ui.render.timeline import plot, rows

ENGLISH = LANGUAGES["en"]


def test_rows_are_the_judged_faces() -> None:
    expected = [(0, "Person 1"), (0.5, "Person 1"), (1, "Person 1")]
    assert [(row["time"], row["person"]) for row in rows(VIDEO)] == expected


def test_the_chart_has_points_bands_and_a_text_alternative() -> None:
    html = plot(VIDEO, DecisionConfig(real_below=0.2, fake_above=0.7), ENGLISH)
    assert html.count("<circle") == 3
    assert 'data-last="1.000"' in html
    assert "Person 1: 88%–88%" in html
    bands = [float(height) for height in re.findall(r'lens-band[^>]* height="([\d.]+)"', html, re.DOTALL)]
    assert bands == pytest.approx([220 * share for share in (0.3, 0.5, 0.2)], abs=0.2)
    assert plot(PHOTO, DecisionConfig(), ENGLISH) == ""


def test_bands_and_thresholds_are_labelled() -> None:
    html = plot(VIDEO, DecisionConfig(real_below=0.2, fake_above=0.7), ENGLISH)
    assert re.findall(r'lens-band-name lens-(\w+)"[^>]*>([^<]+)<', html) == [
        ("fake", "manipulated"),
        ("inconclusive", "inconclusive"),
        ("real", "no sign"),
    ]
    assert re.findall(r'text-anchor="end">\s*(\d+%)', html) == ["0%", "20%", "70%", "100%"]
    right = int(re.findall(r'data-right="(\d+)"', html)[0])
    assert all(int(x) > right for x in re.findall(r'lens-band-name[^>]*x="(\d+)"', html))
    narrow = plot(VIDEO, DecisionConfig(real_below=0.01, fake_above=0.99), ENGLISH)
    assert len(re.findall("lens-band-name", narrow)) == 1


def test_the_script_gets_the_ends_of_the_time_axis() -> None:
    html = plot(VIDEO, DecisionConfig(), ENGLISH)
    (left, right), (line,) = (
        re.findall(r'data-(?:left|right)="(\d+)"', html),
        re.findall(r'lens-now" x1="(\d+)"', html),
    )
    assert left == line
    assert 0 < int(left) < int(right) < 440
