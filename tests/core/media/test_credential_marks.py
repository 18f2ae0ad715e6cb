from __future__ import annotations

import io
import time

import pytest

from laanet_core.media.credential_marks import SEARCHED, has_marks
from tests.signed_files import CLIPS, PICTURES, signed, source_file

MARK = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"


@pytest.mark.parametrize("name", [*PICTURES, *CLIPS])
def test_signed_files_have_marks_and_others_have_none(name: str) -> None:
    content, media_type = source_file(name)
    assert not has_marks(io.BytesIO(content))
    file = signed(content, media_type)
    assert has_marks(io.BytesIO(file))
    # Also behind any number of lost bytes, and with the first box destroyed.
    start = file.index(b"jumb")
    assert has_marks(io.BytesIO(file[start + 30 :]))


@pytest.mark.parametrize("place", [0, 5, (1 << 20) - 8, SEARCHED - len(MARK), 3 * SEARCHED - len(MARK)])
def test_marks_are_found_near_both_ends(place: int) -> None:
    content = bytearray(3 * SEARCHED)
    content[place : place + len(MARK)] = MARK
    began = time.monotonic()
    assert has_marks(io.BytesIO(content))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("content", [b"", b"jumdc2pa", b"jumd" * 900, b"c2pa jumb jumd C2PA", MARK[:-1]])
def test_names_alone_are_no_marks(content: bytes) -> None:
    assert not has_marks(io.BytesIO(content))
