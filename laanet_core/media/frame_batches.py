"""Batches of neighbouring frames that are searched for faces together."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from laanet_core.media.video import Frame

# Most frames per batch. Frames larger than 720p make smaller batches: MAX_PIXELS pixels, or one frame.
MAX_FRAMES = 8
MAX_PIXELS = MAX_FRAMES * 1280 * 720


def batch_frames(frames: Iterable[Frame]) -> Generator[list[Frame]]:
    """Yield batches of neighbouring frames.

    A batch ends where the frame size changes, which may happen within a clip.
    """
    batch: list[Frame] = []
    for frame in frames:
        height, width = frame.rgb.shape[:2]
        limit = max(min(MAX_FRAMES, MAX_PIXELS // (height * width)), 1)
        if batch and (len(batch) == limit or batch[0].rgb.shape != frame.rgb.shape):
            yield batch
            batch = []
        batch.append(frame)
    if batch:
        yield batch
