"""Gradio's picture components without their habit of decoding in the server whatever a visitor sends.

Classes of our own derived from them would have Gradio write files beside this one; so theirs are changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.base import server
from gradio.components.image_editor import AcceptBlobs, EditorData
from gradio.data_classes import FileData, ImageData

MOST_LAYERS = 4
MAX_BYTES = 8_000_000  # of a layer as the browser sends it
MOST_PAINTINGS = 32  # that were sent and not used yet


def decode_nothing() -> None:
    """From here on the value of gr.Image is the file's path, that of gr.ImageEditor the painted layers, each as it was sent (bytes)."""
    image: Any = gr.Image
    editor: Any = gr.ImageEditor
    image.preprocess = _path
    editor.preprocess, editor.accept_blobs = _layers, server(_accept_layer)  # type: ignore[no-untyped-call]


def _path(component: gr.Image, payload: ImageData | None) -> str | None:
    return None if payload is None else payload.path


def _layers(component: Any, payload: EditorData | None) -> list[bytes]:
    """The picture under them, and what both give together, are not taken."""
    if payload is None:
        return []
    if payload.id is not None:
        return list(component.blob_storage.pop(payload.id, {}).values())
    return [content for layer in payload.layers[:MOST_LAYERS] if (content := _content(layer))]


def _accept_layer(component: Any, data: AcceptBlobs) -> None:
    """A layer comes ahead of the event that uses it. Gradio itself would keep any number of them, under any index, for ever."""
    told, content = data.data, data.files[0][1]
    place = str(told.get("index"))
    if told.get("type") != "layer" or place not in map(str, range(MOST_LAYERS)) or len(content) > MAX_BYTES:
        return
    sent = component.blob_storage
    sent.setdefault(str(told.get("id"))[:100], {})[place] = content
    while len(sent) > MOST_PAINTINGS:
        del sent[next(iter(sent))]


_accept_layer.__name__ = "accept_blobs"  # what the browser calls it


def _content(layer: FileData) -> bytes:
    path = Path(layer.path)  # Gradio has checked that it is an upload
    return path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_BYTES else b""
