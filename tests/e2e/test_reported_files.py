"""Files of public bug reports, rebuilt from the samples, judged by the bundled weights.

The other kinds of such files are in `test_file_kinds` and beside the modules that read them.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.types import RGBImage
from tests.core.clips import forged_astronaut, write_clip
from tests.core.faces.turning import turned

QUALITIES = (50, 60, 70, 80, 90, 95)
SAMPLES = ("official_portrait_2012.jpg", "astronaut.png", "two_people.jpg")


@pytest.fixture(scope="module")
def fake(samples: Path) -> RGBImage:
    return forged_astronaut(samples)


def placed(picture: RGBImage, size: tuple[int, int], side: int, place: tuple[int, int]) -> RGBImage:
    """Return a grey picture of a (width, height) with `picture` (S, S, 3) at a place, resized to `side`."""
    canvas = np.full((size[1], size[0], 3), 225, np.uint8)
    x, y = place
    canvas[y : y + side, x : x + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return canvas


def beside_a_chair(portrait: RGBImage) -> RGBImage:
    """Return a portrait (H, W, 3) beside a blurred chair: a round back with two knobs and a bar."""
    scene = np.full((*portrait.shape[:2], 3), (150, 140, 125), np.uint8)
    centre, top = portrait.shape[1] // 2, portrait.shape[0] // 3
    cv2.ellipse(scene, (centre, top), (75, 95), 0, 0, 360, (120, 80, 60), -1)
    for shift in (-26, 26):
        cv2.circle(scene, (centre + shift, top - 22), 11, (60, 40, 30), -1)
    cv2.rectangle(scene, (centre - 32, top + 34), (centre + 32, top + 48), (70, 45, 35), -1)
    return np.hstack([portrait, np.asarray(cv2.GaussianBlur(scene, (0, 0), 9), np.uint8)])


@pytest.mark.parametrize("sample", SAMPLES)
def test_real_photos_are_not_fake_at_any_jpeg_quality(
    detector: Detector, samples: Path, tmp_path: Path, sample: str
) -> None:
    rgb = read_image(samples / sample)
    for quality in QUALITIES:
        Image.fromarray(rgb).save(tmp_path / "a.jpg", quality=quality)
        assert detector.analyse_file(tmp_path / "a.jpg").verdict in ("real", "inconclusive"), quality


def test_portrait_beside_a_blurred_chair_is_real_at_every_jpeg_quality(
    detector: Detector, samples: Path, tmp_path: Path
) -> None:
    portrait = cv2.resize(read_image(samples / "official_portrait_2012.jpg"), (405, 512))
    scene = beside_a_chair(np.asarray(portrait, np.uint8))
    for quality in QUALITIES:
        Image.fromarray(scene).save(tmp_path / "a.jpg", quality=quality)
        result = detector.analyse_file(tmp_path / "a.jpg")
        assert result.verdict == "real", quality
        assert [face.box[0] < 405 for face in result.faces if face.is_judged] == [True], quality


@pytest.mark.parametrize("degrees", [-60, -45, -30, 30, 45, 60])
def test_tilted_heads_are_not_fake(detector: Detector, samples: Path, degrees: float) -> None:
    rgb = turned(read_image(samples / "official_portrait_2012.jpg"), degrees)
    assert detector.analyse_image(rgb).verdict != "fake"


def test_face_in_a_long_screenshot_is_judged(detector: Detector, fake: RGBImage) -> None:
    # The face has a sixth of the side: 74 pixels.
    result = detector.analyse_image(placed(fake, (720, 9600), 440, (180, 7300)))
    assert (result.verdict, len(result.faces)) == ("fake", 1)


def test_photo_of_50_megapixels_is_judged(detector: Detector, fake: RGBImage, tmp_path: Path) -> None:
    Image.fromarray(placed(fake, (8160, 6144), 2000, (900, 2700))).save(tmp_path / "a.jpg", quality=90)
    result = detector.analyse_file(tmp_path / "a.jpg")
    assert (result.verdict, result.size) == ("fake", (8160, 6144))


@pytest.mark.parametrize(
    ("shown", "aspect"),
    [((4000, 3000), None), ((3000, 3000), Fraction(3, 4)), ((4000, 2250), Fraction(4, 3))],
)
def test_frames_of_12_megapixels_are_judged(
    detector: Detector, fake: RGBImage, tmp_path: Path, shown: tuple[int, int], aspect: Fraction | None
) -> None:
    picture = placed(fake, shown, 1400, (1100, 700))
    frame = np.asarray(cv2.resize(picture, (4000, 3000), interpolation=cv2.INTER_AREA), np.uint8)
    clip = write_clip(tmp_path / "a.mp4", [frame, np.roll(frame, 8, 1)], aspect=aspect)
    result = detector.analyse_file(clip)
    assert (result.verdict, result.size) == ("fake", shown)
