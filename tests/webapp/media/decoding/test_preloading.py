"""Preloading of decoder modules."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT


def test_preloads_every_decoder_and_nothing_of_the_server() -> None:
    code = """
import sys
from webapp.media.decoding.preloading import preload
preload()
needed = (
    "PIL.WebPImagePlugin", "PIL.AvifImagePlugin", "pillow_heif", "av.video.codeccontext", "encodings.utf_16"
)
forbidden = ("torch", "gradio", "sqlalchemy", "http.client")
print([name for name in needed if name not in sys.modules])
print([name for name in forbidden if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"]
