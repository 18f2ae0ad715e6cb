"""Tests of the consistency maps."""

from __future__ import annotations

import base64
import re

import cv2
import numpy as np

from webapp.texts import LANGUAGES
from webapp.ui.render.consistency import consistency_maps


def test_low_consistency_darkens_the_crop() -> None:
    crop = np.full((224, 224, 3), 200, np.uint8)
    values = np.ones((56, 56), np.float32)
    values[:, 28:] = 0
    html = consistency_maps([None, (crop, values)], LANGUAGES["en"])
    (encoded,) = re.findall(r"base64,([A-Za-z0-9+/=]+)", html)
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)
    assert shown[:, :90].mean() > 190
    assert shown[:, 140:].mean() < 40
    assert "<figcaption>Face 2</figcaption>" in html
