"""Shot boundaries on thumbnails of the samples."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from laanet_core.media.continuity import SIDE, Thumbnail
from laanet_core.media.images import read_image
from laanet_core.media.shots import ShotDetector, is_unchanged, thumbnail
from tests.core.clips import Pixels, drifting, forged_astronaut

RATE = 25


def small(picture: Pixels) -> Thumbnail:
    return thumbnail(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24"))


def boundaries(pictures: Iterable[Pixels], rate: float = RATE) -> list[float]:
    detector = ShotDetector()
    detected = [detector.add(number / rate, small(picture)) for number, picture in enumerate(pictures)]
    detected.append(detector.finish())
    return [boundary.time for boundary in detected if boundary is not None]


@pytest.fixture(scope="module")
def astronaut(samples: Path) -> Pixels:
    return read_image(samples / "astronaut.png")


@pytest.fixture(scope="module")
def portrait(samples: Path) -> Pixels:
    return cv2.resize(read_image(samples / "official_portrait_2012.jpg"), (512, 512)).astype(np.uint8)


def test_thumbnails_do_not_depend_on_size_and_format(astronaut: Pixels) -> None:
    frame = av.VideoFrame.from_ndarray(astronaut, format="rgb24")
    for other in (frame, frame.reformat(format="yuv420p10le"), frame.reformat(width=1000, height=300)):
        assert thumbnail(other).shape == (SIDE, SIDE)
        assert np.abs(thumbnail(other) - small(astronaut)).mean() < 4


@pytest.mark.parametrize("cut", [1, 3, 20, 37])
@pytest.mark.parametrize("rate", [5, 25, 60])
def test_cuts_at_any_time(astronaut: Pixels, portrait: Pixels, cut: int, rate: int) -> None:
    pictures = [drifting(astronaut if number < cut else portrait, number / rate) for number in range(50)]
    assert boundaries(pictures, rate) == [cut / rate]


def test_frequent_cuts(astronaut: Pixels, portrait: Pixels) -> None:
    pictures = [drifting((astronaut, portrait)[number // 13 % 2], number / RATE) for number in range(65)]
    assert boundaries(pictures) == [number / RATE for number in (13, 26, 39, 52)]


@pytest.mark.parametrize("frames", [8, 12, 20, 50])
def test_a_quick_fade_has_one_boundary_inside(astronaut: Pixels, portrait: Pixels, frames: int) -> None:
    pictures: list[Pixels] = []
    for number in range(130):
        share = float(np.clip((number - 40) / frames, 0, 1))
        ends = [drifting(picture, number / RATE) for picture in (astronaut, portrait)]
        pictures.append(cv2.addWeighted(ends[0], 1 - share, ends[1], share, 0).astype(np.uint8))
    (boundary,) = boundaries(pictures)
    assert 36 / RATE <= boundary <= (44 + frames) / RATE


def test_movement_and_flashes_are_no_cuts(astronaut: Pixels) -> None:
    assert boundaries(drifting(astronaut, number / RATE) for number in range(250)) == []
    assert boundaries(np.roll(astronaut, 12 * number, axis=1) for number in range(50)) == []
    flash = [np.full_like(astronaut, 250) if number == 20 else astronaut for number in range(50)]
    assert boundaries(flash) == []


def test_a_flash_of_light_and_a_quick_zoom_are_no_cuts(astronaut: Pixels) -> None:
    for light in (0.4, 1.5):
        lit = np.clip(astronaut * light, 0, 255).astype(np.uint8)
        assert boundaries([astronaut] * 20 + [lit] * 40) == []
    zooming = [
        astronaut[3 * number : 512 - 3 * number, 3 * number : 512 - 3 * number] for number in range(60)
    ]
    assert boundaries(zooming) == []


@pytest.mark.parametrize("rate", [2, 5, 12, 30])
@pytest.mark.parametrize("crop", [512, 200])
def test_a_face_that_is_replaced_in_place_is_no_boundary(
    astronaut: Pixels, samples: Path, rate: int, crop: int
) -> None:
    window = np.s_[: crop * 3 // 4, 225 - min(crop // 2, 225) : 225 + crop // 2]
    pictures = [picture[window] for picture in (astronaut, forged_astronaut(samples))]
    clip = []
    for number in range(6 * rate):
        side = round(pictures[0].shape[0] * (1 - 0.2 * number / (6 * rate)))
        clip.append(cv2.resize(pictures[number >= 3 * rate][:side, :side], (128, 128)).astype(np.uint8))
    assert boundaries(clip, rate) == []


def test_a_boundary_is_never_before_the_pending_time(astronaut: Pixels, portrait: Pixels) -> None:
    """Later frames change nothing about the shots that are known up to a frame."""
    rng = np.random.default_rng(0)
    detector = ShotDetector()
    known_until, shown, number = 0.0, 0, 0
    for _ in range(12):
        length = int(rng.choice([1, 8, 25, 50]))
        for share in [*np.linspace(0, 1, length), *[1.0] * int(rng.integers(10, 60))]:
            ends = [drifting((astronaut, portrait)[end], number / RATE, 64) for end in (shown, 1 - shown)]
            picture = cv2.addWeighted(ends[0], 1 - share, ends[1], float(share), 0)
            boundary = detector.add(number / RATE, small(picture.astype(np.uint8)))
            if boundary is not None:
                assert boundary.time >= known_until
            pending = detector.pending_since()
            known_until = number / RATE if pending is None else pending
            assert known_until >= number / RATE - 3.2
            number += 1
        shown = 1 - shown


def test_recompressed_pictures_are_unchanged(astronaut: Pixels) -> None:
    encoded = cv2.imencode(".jpg", astronaut, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    again = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    assert is_unchanged(small(astronaut), small(again))
    covered = astronaut.copy()
    covered[60:180, 170:280] = 90
    assert not is_unchanged(small(astronaut), small(covered))
