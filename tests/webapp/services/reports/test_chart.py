"""Tests of the chart over time."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT
from webapp.services.reports.chart import Line, Zone, chart, chart_png
from webapp.services.reports.text import register_fonts
from webapp.texts import ENGLISH

ZONES = (
    Zone("no sign of manipulation", "#00735a", 0.0, 0.3),
    Zone("inconclusive", "#8a5a00", 0.3, 0.7),
    Zone("looks manipulated", "#b93400", 0.7, 1.0),
)
BLUE, RED = (10, 99, 168), (194, 65, 12)


def lines(count: int, last: float = 2.0) -> list[Line]:
    """Return one line per person, each higher than the one before."""
    return [
        Line(f"Person {number + 1}", ((0.0, number / count), (last, (number + 0.5) / count)))
        for number in range(count)
    ]


def pixels_of(drawn: list[Line]) -> np.ndarray:
    """Return the pixels (H, W, 3) of a chart of 493 x 195 points."""
    register_fonts()
    png = chart_png(drawn, ZONES, 493, 195, ENGLISH)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def rows_of(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Return the rows below the legend that have `colour`."""
    rows = np.nonzero((pixels == colour).all(axis=2).any(axis=1))[0]
    return rows[rows > 0.2 * len(pixels)]


def test_lines_have_colours_and_higher_scores_are_higher() -> None:
    pixels = pixels_of(lines(2))
    assert rows_of(pixels, RED).mean() < rows_of(pixels, BLUE).mean()


@pytest.mark.parametrize("last", [0.0, 0.04, 7.3, 600])
def test_videos_of_any_length_have_a_chart(last: float) -> None:
    assert rows_of(pixels_of(lines(1, last)), BLUE).size > 0


def test_equal_inputs_give_equal_bytes() -> None:
    register_fonts()
    first, second = (chart_png(lines(3), ZONES, 493, 195, ENGLISH) for _ in range(2))
    assert first == second


def test_a_longer_legend_makes_the_chart_higher() -> None:
    register_fonts()
    few, many = chart(lines(2), ZONES, 493, ENGLISH), chart(lines(11), ZONES, 493, ENGLISH)
    assert few.drawWidth == many.drawWidth == 493
    assert many.drawHeight > few.drawHeight


def test_importing_reports_does_not_import_matplotlib() -> None:
    code = "import sys, webapp.services.reports.service; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
