"""Krippendorff's alpha against published examples and the krippendorff library."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest

from webapp.services.label_quality.krippendorff import count_table, krippendorff_alpha, krippendorff_interval

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C:
# four observers, twelve units, missing values (*).
OBSERVERS = ("123321412***", "1233224125*3", "*3332342251*", "12332441251*")
PUBLISHED = 0.743


def units(rows: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(place, value) for row in rows for place, value in enumerate(row) if value != "*"]


def test_the_published_example() -> None:
    found = krippendorff_alpha(count_table(units(OBSERVERS)))
    assert found == pytest.approx(PUBLISHED, abs=5e-4)


def test_two_observers_and_two_values() -> None:
    """Section A of the same paper: alpha 0.095."""
    assert krippendorff_alpha(count_table(units(("0100000001", "0110010100")))) == pytest.approx(
        0.095, abs=5e-4
    )


def test_alpha_equals_the_krippendorff_library() -> None:
    rng = np.random.default_rng(3)
    for cases, people, values, missing in ((5, 2, 2, 0.0), (40, 3, 4, 0.3), (200, 6, 4, 0.6)):
        truth = rng.integers(values, size=cases)
        noise = rng.integers(values, size=(people, cases))
        rows = np.where(rng.random((people, cases)) < 0.6, truth, noise).astype(float)
        rows[rng.random((people, cases)) < missing] = np.nan
        given = [
            (case, rows[person, case])
            for person in range(people)
            for case in range(cases)
            if not np.isnan(rows[person, case])
        ]
        expected = krippendorff.alpha(reliability_data=rows, level_of_measurement="nominal")
        assert krippendorff_alpha(count_table(given)) == pytest.approx(expected, abs=1e-12)


def test_alpha_is_unknown_if_no_disagreement_is_possible() -> None:
    assert krippendorff_alpha(count_table([])) is None
    # One label each.
    assert krippendorff_alpha(count_table([(1, "fake"), (2, "real")])) is None
    # One value only.
    assert krippendorff_alpha(count_table([(1, "fake"), (1, "fake")])) is None
    assert krippendorff_interval(count_table([(1, "fake"), (1, "real")])) is None
    assert krippendorff_alpha(count_table([(1, "fake"), (1, "fake"), (2, "real"), (2, "real")])) == 1.0


def test_the_interval_covers_the_true_alpha() -> None:
    """Two moderators who agree on 80 % of cases with two equally frequent values have alpha 0.6."""
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(60):
        first = rng.integers(2, size=150)
        second = np.where(rng.random(150) < 0.8, first, 1 - first)
        table = count_table([(case, value) for row in (first, second) for case, value in enumerate(row)])
        interval = krippendorff_interval(table, seed=seed)
        assert interval is not None
        covered += interval.low <= 0.6 <= interval.high
    assert covered >= 52
