from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from laanet_core.evaluation.subgroups import (
    brightness,
    skin_tone,
    subgroups,
    tone_name,
    variance_of_laplacian,
)


@dataclass(frozen=True)
class Face:
    label: int
    face_size: float
    sharpness: float = 1.0
    brightness: float = 50.0
    skin_tone: float = 30.0


def plain(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((60, 60, 3), colour, np.uint8)


def test_every_face_is_in_one_part_of_each_measure() -> None:
    faces = [Face(number % 2, float(number), skin_tone=100.0 * (number % 2) - 40) for number in range(30)]
    parts = subgroups(faces)
    for measure in ("face size", "skin tone"):
        members = np.array([part.members for part in parts if part.measure == measure])
        assert (members.sum(axis=0) == 1).all()
    assert [int(part.members.sum()) for part in parts if part.measure == "face size"] == [10, 10, 10]
    assert [part.name for part in parts if part.measure == "skin tone"] == ["very light", "dark"]


def test_a_measure_that_never_varies_is_no_slice() -> None:
    assert [part for part in subgroups([Face(0, 5.0)] * 4) if part.measure != "skin tone"] == []


def test_tones_by_their_bounds() -> None:
    assert [tone_name(angle) for angle in (60, 50, 30, 20, 0, -50, -95)] == [
        "very light", "light", "intermediate", "tan", "brown", "dark", "dark",
    ]  # fmt: skip


def test_lighter_colours_measure_lighter() -> None:
    colours = [(240, 214, 198), (224, 172, 140), (180, 128, 96), (120, 76, 50), (60, 38, 26)]
    angles = [skin_tone(plain(colour)) for colour in colours]
    assert angles == sorted(angles, reverse=True)
    assert tone_name(angles[0]) == "very light"
    assert tone_name(angles[-1]) == "dark"
    assert brightness(plain((255, 255, 255))) == pytest.approx(100, abs=0.1)
    assert brightness(plain((0, 0, 0))) == pytest.approx(0, abs=0.1)


def test_blur_lowers_sharpness() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (60, 60, 3), dtype=np.uint8)
    assert variance_of_laplacian(noise) > 100 > variance_of_laplacian(plain((9, 9, 9))) == 0
