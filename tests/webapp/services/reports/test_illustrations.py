"""Tests of the pictures of a report: every shape fits, and a figure has its caption."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pypdf
import pytest

from laanet_core.results import AnalysisResult
from laanet_core.types import RGBImage
from tests.webapp.sample_results import PARTLY_FAKE, PHOTO, VIDEO
from tests.webapp.services.reports.conftest import AnalysedVideo
from tests.webapp.services.reports.pdf import report_on, squeezed, text_of
from webapp.services.reports.service import report_pdf
from webapp.texts import ENGLISH, LANGUAGES, Texts


@pytest.mark.parametrize("shape", [(20, 4000, 3), (4000, 20, 3), (3000, 2000, 3), (16, 16, 3)])
def test_images_of_any_shape_fit(shape: tuple[int, int, int]) -> None:
    result = dataclasses.replace(PHOTO, size=(shape[1], shape[0]))
    assert len(report_pdf(report_on(result), np.zeros(shape, np.uint8))) < 2_000_000


def test_a_photo_is_shown_plain_and_with_its_heatmap_and_every_face_in_close_up(
    photo: RGBImage, photo_result: AnalysisResult
) -> None:
    pdf = report_pdf(report_on(photo_result), photo)
    text = squeezed(text_of(pdf))
    for caption in (ENGLISH.report.photo_faces, ENGLISH.report.photo_heatmap, ENGLISH.report.face_crops):
        assert squeezed(caption) in text
    images = [image for page in pypdf.PdfReader(io.BytesIO(pdf)).pages for image in page.images]
    # The photo twice, and each face twice
    assert len(images) >= 2 + len(photo_result.faces)


def test_a_clip_has_its_key_frames_in_order_and_every_person_in_close_up(video: AnalysedVideo) -> None:
    text = squeezed(text_of(report_pdf(report_on(video.result), moments=video.moments)))
    assert squeezed(ENGLISH.suspicious_moments) in text
    assert squeezed(ENGLISH.report.person_crops) in text
    assert squeezed(ENGLISH.timeline) in text


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_the_tables_of_a_clip_say_what_is_a_mean_and_what_a_passage(texts: Texts) -> None:
    text = squeezed(text_of(report_pdf(report_on(PARTLY_FAKE, texts=texts))))
    persons, passages = text.split(squeezed(texts.segment_table))
    assert squeezed(texts.person_table) in persons
    assert squeezed(texts.report.mean_note) in persons
    assert squeezed(texts.segment.format(start="0:02", end="0:06")) in passages
    assert squeezed(texts.report.mean_note) not in squeezed(
        text_of(report_pdf(report_on(VIDEO, texts=texts)))
    )
