"""QR codes of links."""

from __future__ import annotations

import cv2
import numpy as np

from webapp.ui.render.picture import data_uri

# Pixels of one module, and modules of the quiet zone around the code (ISO/IEC 18004).
_MODULE = 6
_QUIET_ZONE = 4


def qr_code(text: str) -> str:
    """Return a QR code of `text` (ASCII) as a PNG data URI.

    Raises cv2.error if it is too long.
    """
    modules = np.pad(cv2.QRCodeEncoder.create().encode(text), _QUIET_ZONE, constant_values=255)
    pixels = np.kron(modules, np.ones((_MODULE, _MODULE), np.uint8))
    return data_uri(np.repeat(pixels[..., None], 3, axis=2), ".png")
