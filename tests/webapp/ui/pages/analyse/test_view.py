"""Tests of the chooser between several files; the browser tests cover the page."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from laanet_core.media.reader import IN_PROCESS
from laanet_core.results import AnalysisResult, Stability
from tests.webapp.sample_results import FLIPPING, PHOTO, SMALL, STORED_AT, without_faces
from webapp.services.analysis.analysed_media import AnalysedMedia, PixelCache
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.texts import LANGUAGES
from webapp.ui.pages.analyse.session_state import AnalysedFile
from webapp.ui.pages.analyse.view import chooser_choices


def shown(
    name: str, result: AnalysisResult, stabilities: list[Stability | None] | None = None
) -> AnalysedFile:
    """Return an analysed file of a visit."""
    media = AnalysedMedia(Path(name), IN_PROCESS, PixelCache())
    analysed = StoredAnalysis(result, "0" * 64, STORED_AT, receipt=None)
    return AnalysedFile(name, Path(name), name, analysed, media, stabilities=stabilities)


def test_labels_have_the_verdict_after_the_stability_check() -> None:
    faces = (dataclasses.replace(SMALL, not_judged="hidden"),)
    hidden = dataclasses.replace(without_faces(PHOTO, "face_too_small"), faces=faces)
    files = [
        shown("a.jpg", PHOTO),
        shown("b.jpg", PHOTO, [FLIPPING, None]),
        shown("c.jpg", without_faces(PHOTO)),
        shown("d.jpg", hidden),
    ]
    assert chooser_choices(files, LANGUAGES["en"]) == [
        ("1. Looks manipulated: a.jpg", 0),
        ("2. Inconclusive: b.jpg", 1),
        ("3. No face found: c.jpg", 2),
        ("4. No face can be judged: d.jpg", 3),
    ]


def test_names_are_never_translated() -> None:
    ((label, _),) = chooser_choices([shown('__i18n__{"key"}.jpg', PHOTO)], LANGUAGES["en"])
    assert not re.search("__i18n__", label)
    assert label.replace("\u200b", "").endswith('__i18n__{"key"}.jpg')
