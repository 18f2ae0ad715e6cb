"""Consistency maps: the parts of a face that match its most suspicious point."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from markupsafe import Markup

from laanet_core.types import FloatMap, RGBImage
from webapp.texts import Texts
from webapp.ui.render.picture import data_uri
from webapp.ui.templating import render

# Side of a map on the page, in pixels.
_SIDE = 224
# Brightness of a pixel whose consistency is 0. A brightness of 1 leaves the crop as it is.
_DARKEST = 0.15


def consistency_maps(maps: Sequence[tuple[RGBImage, FloatMap] | None], texts: Texts) -> Markup:
    """Return one image per face: its crop, darkened where the consistency is low.

    Each entry of `maps` is a crop (S, S, 3) uint8 RGB and a map (S/4, S/4) in [0, 1], or None for a face
    without a score.
    """
    images = []
    for number, entry in enumerate(maps, start=1):
        if entry is not None:
            crop, consistency = entry
            name = texts.face_number.format(number=number)
            images.append((name, data_uri(_darken(crop, consistency), ".jpg")))
    return render("consistency.jinja", maps=images, texts=texts)


def _darken(crop: RGBImage, consistency: FloatMap) -> RGBImage:
    """Scale a crop (S, S, 3) and a map (S/4, S/4) to the size of the page and multiply them."""
    crop = np.asarray(cv2.resize(crop, (_SIDE, _SIDE)), np.uint8)
    light = cv2.resize(np.asarray(consistency, np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
    brightness = _DARKEST + (1 - _DARKEST) * light[..., None]
    return np.asarray(crop * brightness, np.uint8)
