"""Settings of Gradio's queue that both applications share."""

from __future__ import annotations

import gradio as gr

# Seconds between two polls of an empty queue. Gradio's 0.001 s takes 5 % of a processor core per queue.
_POLL_SECONDS = 0.01
# Concurrent calls of one function, unless the function sets a limit of its own.
_CONCURRENCY = 8


def queued(blocks: gr.Blocks, *, max_size: int | None = None) -> gr.Blocks:
    """Give the Blocks a queue that programs cannot bypass, and return them. `max_size` limits its length."""
    blocks.queue(api_open=False, max_size=max_size, default_concurrency_limit=_CONCURRENCY)
    blocks._queue.sleep_when_free = _POLL_SECONDS
    return blocks
