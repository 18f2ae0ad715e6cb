"""Batches of neighbouring frames that are searched for faces together."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from laanet_core.media.video import Frame

# Frames per batch of 720p video; larger frames make smaller batches of as many pixels.
MAX_FRAMES = 8
MAX_PIXELS = MAX_FRAMES * 1280 * 720


def batch_frames(frames: Iterable[Frame]) -> Generator[list[Frame]]:
    """Group neighbouring frames of one size; a clip's frame size may change within the stream."""
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
