"""Tests of the patch of gr.Image."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest
from gradio.data_classes import ImageData
from PIL import Image

from webapp.ui.gradio_patches.raw_uploads import disable_image_decoding


def test_uploads_are_passed_on_without_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Restores Gradio's own method after the test.
    monkeypatch.setattr(gr.Image, "preprocess", gr.Image.preprocess)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the file was opened")

    disable_image_decoding()
    monkeypatch.setattr(Image, "open", fail)
    (tmp_path / "photo.png").write_bytes(b"not an image")
    path = str(tmp_path / "photo.png")
    assert gr.Image(render=False).preprocess(ImageData(path=path)) == path
    assert gr.Image(render=False).preprocess(None) is None
