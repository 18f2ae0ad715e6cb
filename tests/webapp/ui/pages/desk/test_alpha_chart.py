"""Tests of the chart of agreement."""

from __future__ import annotations

import re

from webapp.services.label_quality.report import MonthFigures
from webapp.texts.measures import ENGLISH
from webapp.ui.pages.desk.alpha_chart import alpha_chart


def month(name: str, alpha: float | None) -> MonthFigures:
    interval = None if alpha is None else (alpha - 0.2, alpha + 0.1)
    return MonthFigures(month=name, cases=20, alpha=alpha, interval=interval)


def test_the_line_breaks_if_a_month_is_missing() -> None:
    months = [month("2025-11", 0.5), month("2025-12", 0.7), month("2026-01", None), month("2026-02", -0.1)]
    svg = alpha_chart(months, ENGLISH)
    lines = re.findall(r'<polyline points="([^"]*)"', svg)
    assert [len(line.split()) for line in lines] == [2, 1]
    assert svg.count("<circle") == 3
    # The axis reaches down to the lowest interval.
    assert ">−0.5<" in svg


def test_points_and_bars_are_drawn_to_scale() -> None:
    svg = alpha_chart([month("2026-01", 1.0), month("2026-03", 0.5)], ENGLISH)
    # The axis has alpha 1 at y = 14 and alpha 0 at y = 190.
    assert re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg) == [("56.0", "14.0"), ("688.0", "102.0")]
    assert re.findall(r'y1="([\d.]+)" y2="([\d.]+)"/>', svg)[-1] == ("137.2", "84.4")


def test_one_month_is_no_line() -> None:
    assert alpha_chart([month("2025-11", 0.5), month("2025-12", None)], ENGLISH) == ""
