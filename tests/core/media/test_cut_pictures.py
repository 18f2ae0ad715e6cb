from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from laanet_core.errors import UnreadableMedia
from laanet_core.media.cut_pictures import MAX_MISSING, missing_rows, tolerant_decoding
from laanet_core.media.images import read_image

FORMS = [
    ("JPEG", {"quality": 50}),
    ("JPEG", {"quality": 95}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("BMP", {}),
]


def written(samples: Path, form: str, **options: object) -> bytes:
    content = io.BytesIO()
    with Image.open(samples / "official_portrait_2012.jpg") as portrait:
        portrait.resize((240, 300)).save(content, form, **options)
    return content.getvalue()


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_picture_without_its_end_is_read_with_a_warning(
    samples: Path, form: str, options: dict[str, object]
) -> None:
    content = written(samples, form, **options)
    whole = read_image(content)
    # The last 12 bytes of a PNG say nothing but that it ends.
    for missing in (30, len(content) // 50, len(content) // 10):
        cautions: list[str] = []
        rgb = read_image(content[:-missing], warn=cautions.append)
        assert cautions == ["cut_short"]
        assert rgb.shape == whole.shape
        # Three quarters are as they were; a BMP begins with its last row.
        rows = slice(-225, None) if form == "BMP" else slice(0, 225)
        assert np.abs(rgb[rows].astype(int) - whole[rows]).mean() < 4


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_picture_of_which_little_is_left_is_refused(
    samples: Path, form: str, options: dict[str, object]
) -> None:
    content = written(samples, form, **options)
    for share in (0.02, 0.3, 0.5):
        with pytest.raises(UnreadableMedia) as caught:
            read_image(content[: int(share * len(content))])
        assert caught.value.code == "corrupt_image"


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_whole_pictures_have_no_warning(samples: Path, form: str, options: dict[str, object]) -> None:
    cautions: list[str] = []
    read_image(written(samples, form, **options), warn=cautions.append)
    assert cautions == []


def test_missing_rows_are_counted_at_both_ends() -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (100, 30, 3), dtype=np.uint8)
    assert missing_rows(rgb) == 0
    for rows, share in ((slice(70, None), 0.3), (slice(0, 20), 0.2), (slice(0, None), 1.0)):
        cut = rgb.copy()
        cut[rows] = 128
        assert missing_rows(cut) == pytest.approx(share)
    striped = rgb.copy()
    striped[60:] = np.arange(40, dtype=np.uint8)[:, None, None]
    assert missing_rows(striped) < MAX_MISSING


def test_tolerance_ends_with_its_block() -> None:
    with tolerant_decoding():
        assert ImageFile.LOAD_TRUNCATED_IMAGES
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
