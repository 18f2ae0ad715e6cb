"""Patch of gr.Image, so that the server process does not decode uploaded files.

It changes Gradio's class itself: for a subclass, Gradio would write files into our source folder.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.data_classes import ImageData


def disable_image_decoding() -> None:
    """Make the file's path the value of every gr.Image, from now on."""
    image: Any = gr.Image
    image.preprocess = _path


def _path(component: gr.Image, payload: ImageData | None) -> str | None:
    return None if payload is None else payload.path
