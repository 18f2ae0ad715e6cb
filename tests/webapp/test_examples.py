from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from laanet_core.images import read_image
from laanet_core.policies import hardened_source_changes
from laanet_core.synthesis import self_blend
from webapp.ui import texts
from webapp.ui.pages.analyse import EXAMPLES


def test_every_example_is_there() -> None:
    for name in texts.EXAMPLE_CAPTIONS:
        assert read_image(EXAMPLES / name).ndim == 3


def test_the_examples_are_what_they_are_said_to_be(samples: Path) -> None:
    original = read_image(samples / "astronaut.png")
    landmarks = np.array(json.loads((samples / "astronaut-landmarks.json").read_text()), np.float32)
    blend = self_blend(original, landmarks, np.random.default_rng(0), hardened_source_changes)
    made = {"astronaut.jpg": original, "astronaut-self-blended.jpg": blend.fake, "two_people.jpg": read_image(samples / "two_people.jpg")}
    for name, expected in made.items():
        shipped = read_image(EXAMPLES / name)
        assert shipped.shape == expected.shape, name
        assert np.abs(shipped.astype(int) - expected).mean() < 3, name  # JPEG
    face = blend.mask > 0.5
    shipped = read_image(EXAMPLES / "astronaut-self-blended.jpg").astype(int)
    assert np.abs(shipped - blend.fake)[face].mean() < 0.7 * np.abs(shipped - original)[face].mean()
