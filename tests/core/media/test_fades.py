"""Fades between thumbnails of the samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.media.continuity import SIDE, Thumbnail
from laanet_core.media.fades import Fade, FadeDetector
from laanet_core.media.images import read_image
from tests.core.clips import Pixels, drifting, forged_astronaut

RATE = 25
SECONDS = 7.0


@pytest.fixture(scope="module")
def astronaut(samples: Path) -> Pixels:
    return read_image(samples / "astronaut.png")


@pytest.fixture(scope="module")
def portrait(samples: Path) -> Pixels:
    return np.asarray(cv2.resize(read_image(samples / "official_portrait_2012.jpg"), (512, 512)), np.uint8)


def fades(picture_at: Callable[[float], Pixels], rate: float = RATE) -> list[Fade]:
    """Return the fades of a clip; none may have its middle before the time that was pending."""
    detector = FadeDetector()
    detected: list[Fade] = []
    pending: float | None = None
    for time in np.arange(SECONDS * rate) / rate:
        grey = cv2.cvtColor(picture_at(float(time)), cv2.COLOR_RGB2GRAY)
        small: Thumbnail = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        fade = detector.add(float(time), small)
        if fade is not None:
            assert pending is not None
            assert fade.middle >= pending
            assert fade.start < fade.middle <= fade.end
            detected.append(fade)
            detector.begin_shot(fade.end)
        pending = detector.pending_since()
    return detected


def mixed(first: Pixels, second: Pixels, share: float) -> Pixels:
    return np.asarray(cv2.addWeighted(first, 1 - share, second, share, 0), np.uint8)


@pytest.mark.parametrize("length", [0.3, 0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("rate", [12, 30])
def test_dissolves_have_their_boundary_inside(
    astronaut: Pixels, portrait: Pixels, length: float, rate: int
) -> None:
    def picture_at(time: float) -> Pixels:
        share = float(np.clip((time - 2.3) / length, 0, 1))
        return mixed(drifting(astronaut, time, 128), drifting(portrait, time, 128), share)

    (fade,) = fades(picture_at, rate)
    assert fade.middle == pytest.approx(2.3 + length / 2, abs=0.15 + 0.1 * length)
    assert fade.start >= 2.1 - 0.1 * length
    assert fade.end <= 2.5 + 1.1 * length


@pytest.mark.parametrize("black", [0.0, 0.6, 3.0])
def test_fades_through_black_separate_the_pictures(astronaut: Pixels, portrait: Pixels, black: float) -> None:
    def picture_at(time: float) -> Pixels:
        if time < 2 + black / 2:
            return mixed(astronaut, np.zeros_like(astronaut), float(np.clip((time - 1) / 0.6, 0, 1)))
        return mixed(np.zeros_like(portrait), portrait, float(np.clip((time - 1.6 - black) / 0.6, 0, 1)))

    detected = fades(picture_at)
    assert 1 <= len(detected) <= 2
    assert all(1.2 <= fade.middle <= 2.1 + black for fade in detected)


@pytest.mark.parametrize("length", [0.0, 0.4, 1.5])
def test_a_face_that_is_replaced_in_place_is_no_fade(astronaut: Pixels, samples: Path, length: float) -> None:
    fake = forged_astronaut(samples)

    def picture_at(time: float) -> Pixels:
        side = round(512 * (1 - 0.035 * time))
        picture = mixed(astronaut, fake, float(np.clip((time - 3) / max(length, 1e-3), 0, 1)))
        return cv2.resize(picture[:side, :side], (128, 128), interpolation=cv2.INTER_AREA).astype(np.uint8)

    assert fades(picture_at, 12) == []


@pytest.mark.parametrize("speed", [0.1, 0.5, 2.0])
def test_pans_movement_and_light_are_no_fades(astronaut: Pixels, speed: float) -> None:
    assert fades(lambda time: np.roll(astronaut, round(512 * speed * time), axis=1)) == []
    assert fades(lambda time: drifting(astronaut, speed * time, 128)) == []
    dark = np.zeros_like(astronaut)
    assert fades(lambda time: mixed(astronaut, dark, min(0.6, speed * time / 7))) == []
