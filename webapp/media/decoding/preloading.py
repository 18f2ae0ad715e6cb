"""Preloading of all decoder modules, because a confined worker cannot import anything."""

from __future__ import annotations

import importlib
import io
import pkgutil

import av
import numpy as np
from PIL import Image

from laanet_core.media.content_credentials import load_library
from laanet_core.media.images import FORMATS, read_image, register_heif

# Modules that the decoders import for certain files only.
_MODULES = (
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    # Compares the pictures of a clip.
    "cv2",
    "mmap",
    "PIL.ExifTags",
    "PIL.GimpGradientFile",
    "PIL.ImageChops",
    # Converts CIELAB.
    "PIL.ImageCms",
    "PIL.ImageColor",
    "PIL.ImageFilter",
    "PIL.ImagePalette",
    "PIL.ImageSequence",
)
# Formats whose encoders are slow. Their decoders need no preloading.
_SLOW_ENCODERS = ("AVIF", "HEIF")


def preload(trust_anchors: str = "") -> None:
    """Import every module that may be needed, and decode a small image of most formats.

    `trust_anchors` are the trusted authorities of Content Credentials as a PEM text.
    The libraries load some of their parts on the first image of a format.
    """
    register_heif()
    Image.init()
    for module in (*_MODULES, *_modules_of_av()):
        importlib.import_module(module)
    load_library(trust_anchors)
    image = Image.fromarray(np.zeros((16, 16, 3), np.uint8))
    for image_format in FORMATS:
        if image_format in Image.SAVE and image_format not in _SLOW_ENCODERS:
            encoded = io.BytesIO()
            image.save(encoded, image_format)
            read_image(encoded.getvalue())


def _modules_of_av() -> list[str]:
    """Return the modules of PyAV except its command line, and `datasets`, which loads HTTP modules."""
    return [
        name
        for _, name, _ in pkgutil.walk_packages(av.__path__, "av.")
        if not name.endswith(("__main__", ".datasets"))
    ]
