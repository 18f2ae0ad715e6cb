"""Tests of the queue's settings."""

from __future__ import annotations

import gradio as gr

from tests import asynchronous
from webapp.ui.gradio_patches.queue import queued


def test_programs_cannot_bypass_the_queue() -> None:
    # Without a running event loop Gradio makes loops that it never closes.
    async def build() -> gr.Blocks:
        with gr.Blocks(analytics_enabled=False) as blocks:
            name = gr.Textbox()
            name.change(lambda value: value, name, name, api_name="echo")
        return queued(blocks, max_size=3)

    blocks = asynchronous.run(build())
    assert blocks.api_open is False
    assert blocks.enable_queue is not False
