"""Painted regions as visitors send them."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def mask() -> Image.Image:
    """Return a painted spot with a soft edge."""
    painted = Image.new("L", (64, 48))
    painted.paste(255, (10, 10, 30, 30))
    painted.paste(128, (9, 10, 10, 30))
    return painted


def png(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Return the encoded picture."""
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()
