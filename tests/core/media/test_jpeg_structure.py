from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_image
from laanet_core.media.jpeg_structure import MAX_SCANS, read_structure
from tests.core.clips import grey_clip_bytes


def jpeg(samples: Path, **options: object) -> bytes:
    written = io.BytesIO()
    with Image.open(samples / "official_portrait_2012.jpg") as portrait:
        portrait.resize((240, 300)).save(written, "JPEG", **options)
    return written.getvalue()


def test_structure_is_read(samples: Path) -> None:
    baseline = read_structure(io.BytesIO(jpeg(samples)))
    assert (baseline.size, baseline.components, baseline.scans) == ((240, 300), 3, 1)
    assert baseline.ended
    assert not baseline.progressive
    assert baseline.has_all_coefficients
    assert baseline.coefficient_bytes == 0
    progressive = read_structure(io.BytesIO(jpeg(samples, progressive=True)))
    assert progressive.progressive
    assert progressive.scans == 10
    assert progressive.has_all_coefficients
    # Colours have a quarter of the values of the brightness.
    assert progressive.coefficient_bytes == 2 * 240 * 300 * 3 // 2


def test_first_scans_of_a_progressive_jpeg_are_not_all(samples: Path) -> None:
    content = jpeg(samples, progressive=True)
    third_scan = [place for place in range(len(content)) if content[place : place + 2] == b"\xff\xda"][2]
    structure = read_structure(io.BytesIO(content[: third_scan + 100]))
    assert not structure.ended
    assert not structure.has_all_coefficients


@pytest.mark.parametrize("quality", [50, 72, 85, 95])
@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_clip_behind_a_photo_is_not_part_of_it(
    samples: Path, tmp_path: Path, quality: int, ending: str
) -> None:
    """A motion photo is a JPEG with an MP4 behind it; marker bytes in the MP4 are no scans."""
    photo = jpeg(samples, quality=quality)
    clip = grey_clip_bytes(tmp_path / f"a.{ending}") + b"\xff\xda" * (2 * MAX_SCANS)
    assert read_structure(io.BytesIO(photo + clip)).scans == 1
    assert np.array_equal(read_image(photo + clip), read_image(photo))


def test_too_many_scans_and_segments_are_refused(samples: Path) -> None:
    photo = jpeg(samples)
    scan = photo.index(b"\xff\xda")
    for content in (
        photo[:scan] + photo[scan : scan + 14] * (MAX_SCANS + 1) + b"\xff\xd9",
        photo[:2] + b"\xff\xfe\x00\x02" * 30_000 + photo[2:],
    ):
        with pytest.raises(UnreadableMedia) as caught:
            read_structure(io.BytesIO(content))
        assert caught.value.code == "corrupt_image"


def test_megabytes_of_zeros_are_refused_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(UnreadableMedia) as caught:
        read_image(b"\xff\xd8\xff" + bytes(100_000_000))
    assert caught.value.code == "corrupt_image"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"\xff\0", b"\x55"])
def test_fillers_behind_the_first_bytes_are_refused_at_once(filler: bytes) -> None:
    content = io.BytesIO(b"\xff\xd8\xff" + filler * (30_000_000 // len(filler)))
    began = time.process_time()
    with pytest.raises(UnreadableMedia, match="do not follow"):
        read_structure(content)
    assert time.process_time() - began < 1
