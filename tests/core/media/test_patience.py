from __future__ import annotations

import io
import time

import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_image
from laanet_core.media.patience import ClipFile, PatientFile


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


def test_clip_file_ends_once_its_time_is_over() -> None:
    file = ClipFile(io.BytesIO(bytes(100)), seconds=0.05)
    with pytest.raises(UnreadableMedia) as caught:
        _read_again_and_again(file)
    assert caught.value.code == "corrupt_video"
    assert file.seek(0) < 0


def _read_again_and_again(file: ClipFile) -> None:
    with file.limit():
        while file.read(10):
            file.seek(0)


def test_time_outside_the_limit_of_a_clip_file_does_not_count() -> None:
    file = ClipFile(io.BytesIO(bytes(100)), seconds=0.05)
    deadline = time.thread_time() + 0.1
    while time.thread_time() < deadline:
        pass
    with file.limit():
        assert file.seek(10) == 10
        assert len(file.read(1000)) == 90
    assert file.tell() == 100
