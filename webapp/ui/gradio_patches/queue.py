"""Settings of Gradio's queue that both applications share."""

from __future__ import annotations

import gradio as gr

# Seconds between two looks at the queue. Gradio's millisecond costs a twentieth of a processor per queue.
_POLL_SECONDS = 0.01
# Calls of one function at the same time, unless it sets a limit of its own.
_CONCURRENCY = 8


def queued(blocks: gr.Blocks, *, max_size: int | None = None) -> gr.Blocks:
    """Give the Blocks a queue that programs cannot bypass, and return them. `max_size` limits its length."""
    blocks.queue(api_open=False, max_size=max_size, default_concurrency_limit=_CONCURRENCY)
    blocks._queue.sleep_when_free = _POLL_SECONDS
    return blocks
