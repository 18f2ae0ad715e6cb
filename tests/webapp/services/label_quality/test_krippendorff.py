from __future__ import annotations

import krippendorff
import numpy as np
import pytest

from webapp.services.label_quality.krippendorff import alpha, counts, krippendorff_interval

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers, twelve units, missing values (*)
OBSERVERS = ("123321412***", "1233224125*3", "*3332342251*", "12332441251*")
PUBLISHED = 0.743


def units(rows: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(place, value) for row in rows for place, value in enumerate(row) if value != "*"]


def test_the_published_example() -> None:
    found = alpha(counts(units(OBSERVERS)))
    assert found == pytest.approx(PUBLISHED, abs=5e-4)


def test_two_observers_and_two_values() -> None:
    """Section A of the same paper: alpha 0.095."""
    assert alpha(counts(units(("0100000001", "0110010100")))) == pytest.approx(0.095, abs=5e-4)


def test_as_an_independent_implementation_finds() -> None:
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
        assert alpha(counts(given)) == pytest.approx(expected, abs=1e-12)


def test_nothing_to_agree_about() -> None:
    assert alpha(counts([])) is None
    # One label each.
    assert alpha(counts([(1, "fake"), (2, "real")])) is None
    # One value only.
    assert alpha(counts([(1, "fake"), (1, "fake")])) is None
    assert krippendorff_interval(counts([(1, "fake"), (1, "real")])) is None
    assert alpha(counts([(1, "fake"), (1, "fake"), (2, "real"), (2, "real")])) == 1.0


def test_the_interval_covers_what_was_drawn_from() -> None:
    """Two people who agree on 80 of 100 cases of two equally frequent values have alpha 0.6; 19 in 20 intervals should hold it."""
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(60):
        first = rng.integers(2, size=150)
        second = np.where(rng.random(150) < 0.8, first, 1 - first)
        table = counts([(case, value) for row in (first, second) for case, value in enumerate(row)])
        interval = krippendorff_interval(table, seed=seed)
        assert interval is not None
        held += interval.low <= 0.6 <= interval.high
    assert held >= 52
