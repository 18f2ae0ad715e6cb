"""Tests of the images of a report."""

from __future__ import annotations

import numpy as np

from tests.webapp.sample_results import FAKE, PHOTO, SMALL
from tests.webapp.services.reports.pdf import GREY, pages_of, report_on
from webapp.services.reports.figures import crop_pair, picture_pair
from webapp.services.reports.service import report_pdf


def test_the_photo_has_its_boxes_and_its_heatmap() -> None:
    page = pages_of(report_pdf(report_on(PHOTO), GREY))[0].reshape(-1, 3).astype(int)
    # The colour of "fake": the box and the bar beside the verdict
    red = np.abs(page - [185, 52, 0]).max(axis=1) < 30
    assert red.sum() > 300
    magenta = (page[:, 0] > 180) & (page[:, 1] < 110) & (page[:, 2] > 140)
    assert magenta.sum() > 200


def test_images_keep_their_proportions() -> None:
    boxed, heated = picture_pair(GREY, PHOTO.faces, [1, 2], 50, 50)
    assert (boxed.width, boxed.height) == (heated.width, heated.height) == (50, 40)


def test_a_face_without_a_heatmap_has_one_crop() -> None:
    crop, heated = crop_pair(GREY, FAKE, 30)
    assert heated is not None
    assert (crop.width, heated.width) == (30, 30)
    assert crop_pair(GREY, SMALL, 30)[1] is None
