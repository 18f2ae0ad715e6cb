from __future__ import annotations

import cv2
import numpy as np
import pytest

from laanet_core.faces.crops import crop_square, crop_turned, enlarge_to_square

IMAGE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def test_the_square_is_centred_on_the_box() -> None:
    assert enlarge_to_square((10, 20, 30, 60)) == (-5, 15, 45, 65)  # 40 high, times 1.25
    assert enlarge_to_square((0, 0, 10, 10), 1.0) == (0, 0, 10, 10)


def test_crop_at_its_own_size_copies_the_pixels() -> None:
    assert np.array_equal(crop_square(IMAGE, (5, 7, 37, 39), 32), IMAGE[7:39, 5:37])


def test_pixels_outside_the_picture_repeat_the_edge() -> None:
    crop = crop_square(IMAGE, (-10, -10, 20, 20), 30)
    assert np.array_equal(crop[10:, 10:], IMAGE[:20, :20])
    assert (crop[:10, :10] == IMAGE[0, 0]).all()


@pytest.mark.parametrize(
    "square", [(3.3, 4.7, 41.9, 43.3), (-9, 20, 21, 50), (60.5, 40.5, 95.5, 75.5), (90, 90, 120, 120)]
)
def test_crop_reads_the_picture_like_a_warp_of_the_whole(square: tuple[float, float, float, float]) -> None:
    x1, y1, x2, _ = square
    scale = 48 / (x2 - x1)
    matrix = np.array([[scale, 0, (0.5 - x1) * scale - 0.5], [0, scale, (0.5 - y1) * scale - 0.5]])
    whole = cv2.warpAffine(IMAGE, matrix, (48, 48), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    assert np.abs(crop_square(IMAGE, square, 48).astype(int) - whole).max() <= 1


def test_enlarging_is_bilinear_about_pixel_centres() -> None:
    crop = crop_square(IMAGE, (10, 10, 30, 30), 40)
    expected = cv2.resize(IMAGE[10:30, 10:30], (40, 40), interpolation=cv2.INTER_LINEAR)
    assert np.abs(crop[2:-2, 2:-2].astype(int) - expected[2:-2, 2:-2]).max() <= 2


@pytest.mark.parametrize("factor", [2, 3, 7, 12])
def test_shrinking_does_not_alias(factor: int) -> None:
    side = 20 * factor
    board = np.indices((side, side)).sum(axis=0) % 2 * 255
    crop = crop_square(np.repeat(board[..., None], 3, axis=2).astype(np.uint8), (0, 0, side, side), 20)
    assert (
        crop.std() < 45
    )  # sampling four neighbours of one-pixel squares would leave the full contrast of 127 in places
    assert crop.mean() == pytest.approx(127, abs=15)


def test_shrunk_crops_stay_in_place() -> None:
    image = np.zeros((900, 900, 3), np.uint8)
    image[300:600, 450:750] = 255
    crop = crop_square(image, (150, 0, 1050, 900), 100)
    rows, columns = np.nonzero(crop[..., 0] > 127)
    assert (rows.min(), rows.max()) == pytest.approx((33, 66), abs=1)
    assert (columns.min(), columns.max()) == pytest.approx((33, 66), abs=1)


@pytest.mark.parametrize("side", [32, 320])
def test_turned_crop_of_a_quarter_is_the_turned_crop(side: int) -> None:
    large = cv2.resize(IMAGE, (800, 600), interpolation=cv2.INTER_LINEAR)
    square = (200, 150, 200 + side, 150 + side)
    assert np.array_equal(crop_turned(large, square, 40, 0), crop_square(large, square, 40))
    quarter = crop_turned(large, square, 40, 90).astype(int)
    expected = np.rot90(crop_square(large, square, 40)).astype(int)
    assert np.abs(quarter - expected)[2:-2, 2:-2].mean() < 4
