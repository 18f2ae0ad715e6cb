from __future__ import annotations

import numpy as np

from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.media.video import read_frames
from webapp.examples import make
from webapp.texts import LANGUAGES
from webapp.ui.pages.analyse.layout import EXAMPLES


def test_every_example_is_there_in_every_language() -> None:
    for texts in LANGUAGES.values():
        for name in texts.example_captions:
            assert (EXAMPLES / name).is_file(), name
    for name, picture in make.thumbnails().items():
        shipped = read_image((EXAMPLES / "thumbnails" / name).with_suffix(".jpg"))
        assert np.abs(shipped.astype(int) - picture).mean() < 8, name  # JPEG
    assert read_image(EXAMPLES / "clip.still.jpg").shape == (make.CLIP_SIDE, make.CLIP_SIDE, 3)


def test_the_pictures_are_what_they_are_said_to_be() -> None:
    made = make.make_all()
    for name, expected in made.items():
        shipped = read_image(EXAMPLES / name)
        assert shipped.shape == expected.shape, name
        assert np.abs(shipped.astype(int) - expected).mean() < 6, name  # JPEG
    blended, original = made["astronaut-self-blended.jpg"].astype(int), made["astronaut.jpg"].astype(int)
    changed = np.abs(blended - original).max(axis=2) > 24
    shipped = read_image(EXAMPLES / "astronaut-self-blended.jpg").astype(int)
    assert np.abs(shipped - blended)[changed].mean() < 0.7 * np.abs(shipped - original)[changed].mean()


def test_the_clip_is_what_it_is_said_to_be() -> None:
    made = make.clip_frames()
    shipped = list(read_frames(EXAMPLES / "clip.mp4", len(made)))
    assert len(shipped) > 50
    for frame in shipped:
        expected = made[round(frame.time * make.CLIP_RATE)]
        assert np.abs(frame.rgb.astype(int) - expected).mean() < 6


def test_each_shows_what_it_is_there_for(detector: Detector) -> None:
    results = {
        name: detector.analyse_file(EXAMPLES / name, frames=8) for name in LANGUAGES["en"].example_captions
    }
    assert results["portrait.jpg"].verdict == "real"
    assert results["astronaut-self-blended.jpg"].verdict == "fake"
    assert len(results["crowd.jpg"].faces) == 4
    assert results["clip.mp4"].kind == "video"
    assert results["clip.mp4"].outcome == "verdict"
    assert results["cannot-judge.jpg"].outcome == "face_too_small"
