from __future__ import annotations

import numpy as np

from laanet_core.media.frame_batches import MAX_FRAMES, batch_frames
from laanet_core.media.video import Frame


def frames(count: int, height: int, width: int) -> list[Frame]:
    return [Frame(np.zeros((height, width, 3), np.uint8), float(number)) for number in range(count)]


def test_neighbouring_frames_of_one_size_form_a_batch() -> None:
    batches = list(batch_frames([*frames(MAX_FRAMES + 2, 16, 16), *frames(1, 16, 32)]))
    assert [len(batch) for batch in batches] == [MAX_FRAMES, 2, 1]
    assert [frame.time for frame in batches[1]] == [8.0, 9.0]
    assert list(batch_frames([])) == []


def test_large_frames_form_batches_of_one() -> None:
    assert [len(batch) for batch in batch_frames(frames(3, 2304, 4096))] == [1, 1, 1]
