from __future__ import annotations

import io
import time

import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_image
from laanet_core.media.patience import PatientFile


def test_reading_ends_after_its_time() -> None:
    file = PatientFile(io.BytesIO(bytes(10_000_000)), seconds=0.05)
    with pytest.raises(UnreadableMedia, match="no end"):
        list(iter(lambda: file.read(1), b""))


def test_finished_file_has_no_limit() -> None:
    file = PatientFile(io.BytesIO(bytes(1000)), seconds=0.0)
    file.finish()
    assert sum(len(file.read(1)) for _ in range(1000)) == 1000
    assert file.tell() == 1000


def test_millions_of_tiny_blocks_are_refused_in_time() -> None:
    began = time.thread_time()
    with pytest.raises(UnreadableMedia) as caught:
        read_image(b"GIF89a\x40\0\x40\0\0\0\0\x21\xfe" + b"\1a" * 20_000_000)
    assert caught.value.code == "corrupt_image"
    assert time.thread_time() - began < 5
