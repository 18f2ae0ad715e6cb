"""Tests of the pages: nothing is lost, nothing reaches the margin, every language fits."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pypdf

from laanet_core.results import AnalysisResult
from laanet_core.types import RGBImage
from tests.webapp.services.reports.conftest import AnalysedVideo
from tests.webapp.services.reports.pdf import REJECTED, pages_of, report_on, text_of
from webapp.services.reports.service import report_pdf
from webapp.texts import LANGUAGES

CHINESE = LANGUAGES["zh"]


def test_every_page_has_ink_a_number_and_a_margin(
    video: AnalysedVideo, photo: RGBImage, photo_result: AnalysisResult
) -> None:
    faces = tuple(
        dataclasses.replace(photo_result.faces[number % 2], fake_prob=(number + 0.5) / 60)
        for number in range(60)
    )
    for pdf in (
        report_pdf(report_on(dataclasses.replace(photo_result, faces=faces)), photo),
        report_pdf(report_on(video.result), moments=video.moments),
        report_pdf(report_on(REJECTED)),
    ):
        pages, pixels = pypdf.PdfReader(io.BytesIO(pdf)).pages, pages_of(pdf)
        for number, (page, ink) in enumerate(zip(pages, pixels, strict=True), start=1):
            assert f"Page {number} of {len(pages)}" in page.extract_text()
            assert [round(side) for side in page.mediabox[2:]] == [595, 842]
            assert (ink < 128).any(axis=2).sum() > 500
            margin = np.concatenate(
                [ink[:, :45].ravel(), ink[:, -45:].ravel(), ink[:40].ravel(), ink[-25:].ravel()]
            )
            assert margin.min() > 250, f"page {number} has ink in its margin"


def test_a_chinese_report_has_no_english_words(video: AnalysedVideo) -> None:
    text = text_of(report_pdf(report_on(video.result, texts=CHINESE), moments=video.moments))
    words = ("Person", "Fake", "probability", "sign", "Page", "Seconds", "model", "pixels", "Frame")
    assert [word for word in words if word in text] == []
