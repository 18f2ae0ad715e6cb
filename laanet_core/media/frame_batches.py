"""Frames of a clip that are searched together."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from laanet_core.media.video import Frame

FRAMES = 8  # fewer where they have more pixels than
PIXELS = FRAMES * 1280 * 720


def chunks(frames: Iterable[Frame]) -> Generator[list[Frame]]:
    """Neighbouring frames of one size: the picture's size may change in mid-stream."""
    chunk: list[Frame] = []
    for frame in frames:
        full = len(chunk) == max(min(FRAMES, PIXELS // (frame.rgb.shape[0] * frame.rgb.shape[1])), 1)
        if chunk and (full or chunk[0].rgb.shape != frame.rgb.shape):
            yield chunk
            chunk = []
        chunk.append(frame)
    if chunk:
        yield chunk
