"""Calls of pages: their version and those that show a result."""

from __future__ import annotations

import gradio as gr

from tests import asynchronous
from webapp.ui.page_calls import page_version, result_calls


def page(*, with_help: bool = False) -> gr.Blocks:
    # Without a running event loop Gradio makes loops that it never closes.
    async def build() -> gr.Blocks:
        with gr.Blocks() as blocks:
            if with_help:
                gr.HTML("help")
            text = gr.Textbox()
            headline = gr.HTML(elem_id="headline")
            thanks = gr.Markdown(elem_id="thanks")
            text.submit(lambda value: value, text, thanks)
            text.change(lambda value: (value, value), text, [headline, thanks])
        return blocks

    return asynchronous.run(build())


def test_calls_that_change_the_shown_result_are_found() -> None:
    assert result_calls(page()) == [1]


def test_version_changes_with_the_numbers_of_the_calls_and_components() -> None:
    assert page_version(page()) != page_version(page(with_help=True))
    blocks = page()
    assert page_version(blocks) == page_version(blocks)
