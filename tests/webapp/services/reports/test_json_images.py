"""Tests of the images inside a JSON report."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from tests.webapp.sample_results import FAKE, HEATMAP, PHOTO
from tests.webapp.services.reports.pdf import GREY
from webapp.services.reports.json_images import images


def decode(text: str) -> np.ndarray:
    """Decode a base64 image to pixels (H, W, 3) or (H, W)."""
    return np.asarray(cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_UNCHANGED))


def test_judged_faces_have_a_crop_and_a_heatmap() -> None:
    (entry,) = images(PHOTO.faces, PHOTO.size, GREY, ())
    assert (entry.number, decode(entry.crop.jpeg).shape) == (1, (224, 224, 3))
    heat = decode(entry.heatmap.png)
    assert entry.heatmap.box == (0, 0, 60, 60)
    np.testing.assert_array_equal(heat, np.round(HEATMAP.values * 255).astype(np.uint8))
    x1, y1, x2, y2 = entry.crop.box
    assert x1 < FAKE.box[0] < FAKE.box[2] < x2
    assert y1 < FAKE.box[1] < FAKE.box[3] < y2


def test_a_report_without_pixels_has_no_images() -> None:
    assert images(PHOTO.faces, PHOTO.size, None, ()) == []
