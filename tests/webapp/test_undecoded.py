"""Gradio's picture components hand on what was sent, and keep no heap of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.components.image_editor import EditorData
from gradio.data_classes import FileData, ImageData
from PIL import Image

from webapp.ui import undecoded


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch) -> Any:
    """After it both classes are as they were."""
    for component, name in ((gr.Image, "preprocess"), (gr.ImageEditor, "preprocess"), (gr.ImageEditor, "accept_blobs")):
        monkeypatch.setattr(component, name, getattr(component, name))

    def trap(*_: object, **__: object) -> None:
        raise AssertionError("it was opened")

    undecoded.decode_nothing()
    monkeypatch.setattr(Image, "open", trap)
    return gr.ImageEditor(render=False)


def send(editor: Any, content: bytes, **told: object) -> None:
    editor.accept_blobs(SimpleNamespace(data={"type": "layer", "index": "0", "id": "mine", **told}, files=[("file", content)]))


def test_layers_are_handed_on_once_as_they_came(editor: Any) -> None:
    assert editor.accept_blobs.__name__ == "accept_blobs"
    assert [fn.__name__ for fn in editor.server_fns] == ["accept_blobs"]
    send(editor, b"no picture at all")
    send(editor, b"background", type="background", index="null")
    send(editor, b"both", type="composite", index="null")
    assert editor.preprocess(EditorData(id="mine")) == [b"no picture at all"]
    assert editor.preprocess(EditorData(id="mine")) == []
    assert editor.preprocess(None) == []


def test_no_heap_is_kept(editor: Any) -> None:
    for index in ("1000000000", "-1", "null", "", "4", "²", None):
        send(editor, b"content", index=index)
    send(editor, bytes(undecoded.MAX_BYTES + 1))
    assert editor.blob_storage == {}
    for number in range(1000):
        send(editor, b"content", id=str(number))
    assert list(editor.blob_storage) == [str(number) for number in range(1000 - undecoded.MOST_PAINTINGS, 1000)]


def test_files_are_handed_on_unopened(editor: Any, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"no picture at all")
    path = str(tmp_path / "photo.png")
    assert gr.Image(render=False).preprocess(ImageData(path=path)) == path
    assert gr.Image(render=False).preprocess(None) is None
    layers = [FileData(path=path), FileData(path=str(tmp_path / "gone.png"))]
    assert editor.preprocess(EditorData(layers=layers * 10)) == [b"no picture at all"] * 2
