"""Gradio's queue, as both applications have it."""

from __future__ import annotations

import gradio as gr

_LOOK_SECONDS = 0.01  # Gradio's millisecond takes a twentieth of a processor, for ever and for each queue
_SIDE_BY_SIDE = 8  # calls of one function, where it sets no other limit


def queued(blocks: gr.Blocks, *, max_size: int | None = None) -> gr.Blocks:
    """The Blocks with a queue that programs cannot pass by; `max_size` is how many may wait."""
    blocks.queue(api_open=False, max_size=max_size, default_concurrency_limit=_SIDE_BY_SIDE)
    blocks._queue.sleep_when_free = _LOOK_SECONDS
    return blocks
