"""Painted regions that programs send: only the header and the pixels reach a decoder."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from webapp.domain.errors import Refused
from webapp.domain.limits import MAX_REGION_BYTES
from webapp.media import masks
from webapp.media.masks import mask_of_runs, mask_of_text, painted_pixels, read_mask, runs_of_mask


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *extra: bytes, pixels: bytes, colour: int = 0, interlaced: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(pixels)), chunk(b"IEND", b"")]
    )


PAINTED = (b"\x00" + b"\xff" * 16) * 16


def test_what_else_is_in_the_file_is_never_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    words = chunk(b"iTXt", b"key\x00\x01\x00\x00\x00" + zlib.compress(bytes(40_000_000)))
    content = png(
        16, 16, words, chunk(b"iCCP", b"name\x00\x00junk"), chunk(b"tRNS", b"\x00\xff"), pixels=PAINTED
    )
    assert len(content) < MAX_REGION_BYTES
    seen: list[bytes] = []
    really = Image.open

    def spy(file: io.BytesIO, **how: object) -> Image.Image:
        seen.append(file.getvalue())
        return really(file, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(masks.Image, "open", spy)
    assert (read_mask(content).width, read_mask(content).height) == (16, 16)
    assert seen[0] == png(16, 16, pixels=PAINTED)


@pytest.mark.parametrize(
    "content",
    [
        png(60_000, 60_000, pixels=PAINTED),
        png(16, 1025, pixels=PAINTED),
        png(0, 16, pixels=PAINTED),
        png(16, 16, pixels=PAINTED, colour=3),
        png(16, 16, pixels=PAINTED)[:40],
        png(16, 16, pixels=PAINTED)[:20],
        png(16, 16, pixels=PAINTED).replace(b"IHDR", b"JHDR"),
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a" + bytes(100),
    ],
)
def test_other_files_never_reach_a_decoder(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks.Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(Refused) as refused:
        read_mask(content)
    assert refused.value.code == "invalid_region"


def test_pixels_that_never_end_are_not_waited_for() -> None:
    content = png(16, 16, pixels=PAINTED + bytes(50_000_000))
    assert len(content) < MAX_REGION_BYTES
    assert read_mask(content).width == 16


def test_runs_come_as_text_and_nothing_else_passes() -> None:
    shape = painted_pixels(mask_of_text('{"width": 4, "height": 2, "runs": [1, 2, 3, 1, 1]}'))
    assert shape.tolist() == [[False, True, True, False], [False, False, True, False]]
    for words in (
        *("", "{", "[]", "null", "7", '"runs"', "[" * 100_000),
        *(
            '{"width": 4}',
            '{"width": 4, "height": 2, "runs": {}}',
            '{"width": true, "height": 2, "runs": [0, 1]}',
        ),
        *(
            '{"width": 4, "height": 2, "runs": [0, 1.5]}',
            '{"width": 4, "height": 2, "runs": [0, 9]}',
            '{"width": 4, "height": 2, "runs": [-1, 4]}',
        ),
        '{"width": 4, "height": 2, "runs": [0' + ", 0" * 400_000 + "]}",
    ):
        with pytest.raises(Refused) as refusal:
            mask_of_text(words)
        assert refusal.value.code == "invalid_region"


def test_painted_runs_come_back() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        height, width = (int(side) for side in rng.integers(1, 40, 2))
        painted = rng.random((height, width)) < 0.4
        painted[rng.integers(height), rng.integers(width)] = True
        with Image.open(io.BytesIO(mask_of_runs(width, height, runs(painted)))) as image:
            assert np.array_equal(np.asarray(image) > 0, painted)
        assert runs_of_mask(read_mask(mask_of_runs(width, height, runs(painted))).png) == runs(painted)


def runs(painted: np.ndarray) -> list[int]:
    """Return run lengths as the desk's page writes them, the first of them unpainted. `painted` is (H, W)."""
    lengths: list[int] = []
    is_painted, length = False, 0
    for here in painted.ravel():
        if here != is_painted:
            lengths.append(length)
            is_painted, length = bool(here), 0
        length += 1
    return [*lengths, length]
