"""Tests of the evidence that the analysis page and the receipt page share."""

from __future__ import annotations

from pathlib import Path

from laanet_core.decision import DecisionConfig
from laanet_core.media.reader import IN_PROCESS
from tests.webapp.sample_results import PHOTO, VIDEO, without_faces
from webapp.services.analysis.analysed_media import AnalysedMedia, PixelCache
from webapp.texts import LANGUAGES
from webapp.ui.render import evidence

ENGLISH = LANGUAGES["en"]


def test_only_clips_have_a_chart() -> None:
    assert evidence.chart(PHOTO, DecisionConfig(), ENGLISH) == ""
    assert "lens-timeline" in evidence.chart(VIDEO, DecisionConfig(), ENGLISH)


def test_the_player_names_its_source_and_its_failure() -> None:
    html = evidence.player("a.mp4", 12, "/clip?a=1&b", "cannot <play>", ENGLISH)
    assert 'data-source="/clip?a=1&amp;b"' in html
    assert "cannot &lt;play&gt;" in html


def test_a_photo_has_close_ups_and_boxes(samples: Path) -> None:
    media = AnalysedMedia(samples / "astronaut.png", IN_PROCESS, PixelCache())
    assert list(evidence.close_ups(media, PHOTO) or {}) == [1, 2]
    assert evidence.pictures(media, PHOTO, ENGLISH).count("lens-box lens-") == 2


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    media = AnalysedMedia(tmp_path / "gone", IN_PROCESS, PixelCache())
    assert evidence.close_ups(media, PHOTO) is None
    assert ENGLISH.file_gone in evidence.pictures(media, PHOTO, ENGLISH)
    rejected = without_faces(PHOTO, "rejected")
    assert evidence.close_ups(media, rejected) == {}
    assert evidence.pictures(media, rejected, ENGLISH) == ""
