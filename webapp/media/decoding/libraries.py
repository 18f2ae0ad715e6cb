"""What decodes, loaded to its last module: once a worker is confined, nothing can be imported."""

from __future__ import annotations

import importlib
import io
import pkgutil

import av
import numpy as np
from PIL import Image

from laanet_core.media.images import FORMATS, read_image, register_heif

# what is imported on the way to some picture only
_MODULES = (
    *(
        "encodings.idna",
        "encodings.utf_16",
        "encodings.utf_16_be",
        "encodings.utf_16_le",
        "encodings.latin_1",
        "encodings.ascii",
    ),
    *(
        "PIL.ImageSequence",
        "PIL.ImagePalette",
        "PIL.ImageChops",
        "PIL.ExifTags",
        "PIL.ImageFilter",
        "PIL.GimpGradientFile",
    ),
)


def load_everything() -> None:
    """Import what may be needed, and read small pictures of most kinds, in which the libraries load their parts."""
    register_heif()
    Image.init()
    for module in (*_MODULES, *_modules_of_av()):
        importlib.import_module(module)
    picture = Image.fromarray(np.zeros((16, 16, 3), np.uint8))
    for form in FORMATS:
        if form in Image.SAVE and form not in ("AVIF", "HEIF"):  # whose encoders take long
            written = io.BytesIO()
            picture.save(written, form)
            read_image(written.getvalue())


def _modules_of_av() -> list[str]:
    """But for what would load the modules of HTTP."""
    return [
        name
        for _, name, _ in pkgutil.walk_packages(av.__path__, "av.")
        if not name.endswith(("__main__", ".datasets"))
    ]
