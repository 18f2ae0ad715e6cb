"""Gradio's picture components without their habit of decoding in the server whatever a visitor sends."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any, TypeAlias

import gradio as gr
from gradio.components.base import server
from gradio.components.image_editor import AcceptBlobs, EditorData
from gradio.data_classes import FileData, ImageData

Layers: TypeAlias = "list[bytes]"
MOST_LAYERS = 4
MAX_BYTES = 8_000_000  # of a layer as the browser sends it
_MOST_PAINTINGS = 32  # that are sent and not yet used


class Photo(gr.Image):
    """Its value is the path of the file, which was not opened."""

    is_template = True  # the browser's part is that of the class above

    def preprocess(self, payload: ImageData | None) -> str | None:
        return None if payload is None else payload.path


class Painting(gr.ImageEditor):
    """Its value is the painted layers as they were sent. The picture under them and what both give together are not taken."""

    is_template = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._sent: OrderedDict[str, dict[int, bytes]] = OrderedDict()

    @server  # type: ignore[untyped-decorator]
    def accept_blobs(self, data: AcceptBlobs) -> None:
        """One layer, ahead of the event that uses it; takes the place of one that would keep anything, of any size, for ever."""
        told, content = data.data, data.files[0][1]
        place = str(told.get("index"))
        if told.get("type") != "layer" or not place.isdecimal() or int(place) >= MOST_LAYERS or len(content) > MAX_BYTES:
            return
        name = str(told.get("id"))[:100]
        self._sent.setdefault(name, {})[int(place)] = content
        self._sent.move_to_end(name)
        while len(self._sent) > _MOST_PAINTINGS:
            self._sent.popitem(last=False)

    def preprocess(self, payload: EditorData | None) -> Layers:  # type: ignore[override]
        if payload is None:
            return []
        if payload.id is not None:
            return list(self._sent.pop(payload.id, {}).values())
        return [content for layer in payload.layers[:MOST_LAYERS] if (content := _content(layer))]


def _content(layer: FileData) -> bytes:
    path = Path(layer.path)  # Gradio has checked that it is an upload
    return path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_BYTES else b""
