"""Gradio's picture component hands on what was sent."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest
from gradio.data_classes import ImageData
from PIL import Image

from webapp.ui.gradio_patches import raw_uploads as undecoded


def test_files_are_handed_on_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gr.Image, "preprocess", gr.Image.preprocess)  # after the test it is as it was

    def trap(*_: object, **__: object) -> None:
        raise AssertionError("it was opened")

    undecoded.decode_nothing()
    monkeypatch.setattr(Image, "open", trap)
    (tmp_path / "photo.png").write_bytes(b"no picture at all")
    path = str(tmp_path / "photo.png")
    assert gr.Image(render=False).preprocess(ImageData(path=path)) == path
    assert gr.Image(render=False).preprocess(None) is None
