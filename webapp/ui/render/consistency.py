"""Consistency maps: which parts of a face go together with its most suspicious place."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import cv2
import numpy as np

from laanet_core.types import RGBImage
from webapp.texts import Texts
from webapp.ui.render.picture import data_uri

_SIDE = 224


def consistency_maps(found: Sequence[tuple[RGBImage, np.ndarray] | None], texts: Texts) -> str:
    """One picture per face: its crop (S, S, 3) darkened where the map (S/4, S/4) in [0, 1] is low. None for a face without a score."""
    figures = "".join(
        _figure(number, *entry, texts=texts)
        for number, entry in enumerate(found, start=1)
        if entry is not None
    )
    return (
        f"<p class='lens-help'>{escape(texts.consistency_help)}</p><div class='lens-moments'>{figures}</div>"
    )


def _figure(number: int, crop: RGBImage, values: np.ndarray, texts: Texts) -> str:
    crop = np.asarray(cv2.resize(crop, (_SIDE, _SIDE)), np.uint8)
    light = cv2.resize(np.asarray(values, np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)[
        ..., None
    ]
    shown = np.asarray(crop * (0.15 + 0.85 * light), np.uint8)
    name = escape(texts.face_number.format(number=number))
    return f"<figure class='lens-figure'><img src='{data_uri(shown, '.jpg')}' alt='{name}'><figcaption>{name}</figcaption></figure>"
