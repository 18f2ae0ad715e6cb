"""Shared buffers."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from webapp.media.decoding.shared_memory import BufferTooSmall, SharedBuffer


def test_reads_a_copy_of_the_first_bytes() -> None:
    values = np.arange(24, dtype=np.uint8)
    with SharedBuffer(100) as buffer:
        os.pwrite(buffer.file, values.tobytes(), 0)
        copy = buffer.read((2, 4, 3))
        os.pwrite(buffer.file, bytes(24), 0)
    assert np.array_equal(copy, values.reshape(2, 4, 3))
    assert copy.flags.owndata
    assert copy.flags.writeable


def test_array_larger_than_the_buffer_is_refused() -> None:
    with SharedBuffer(10) as buffer, pytest.raises(BufferTooSmall):
        buffer.read((11,))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no seals")
def test_buffer_cannot_be_resized() -> None:
    with SharedBuffer(1000) as buffer:
        for size in (0, 2000):
            with pytest.raises(PermissionError):
                os.ftruncate(buffer.file, size)
        assert buffer.read((10, 10, 3)).shape == (10, 10, 3)
