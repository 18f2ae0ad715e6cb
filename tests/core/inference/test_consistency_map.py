from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from laanet_core.faces.crops import crop_square
from laanet_core.inference.consistency_map import consistency_values
from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.preprocessing import to_input
from laanet_core.results import FaceResult
from laanet_core.training.losses import consistency_loss
from tests.conftest import ROOT

SELF_BLENDED = ROOT / "webapp" / "examples" / "astronaut-self-blended.jpg"


def test_map_equals_the_one_of_the_training_loss(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")
    model = LAANet.from_pretrained("starter")
    crop = crop_square(rgb, (150, 40, 300, 190), model.config.input_size)
    anchor = 20 * model.config.heatmap_size + 31
    values = consistency_values(model, crop, anchor)
    with torch.inference_mode():
        embeddings = model(to_input(crop[None]), consistency=True).embeddings
    chosen = embeddings[0, :, 20, 31].numpy().astype(np.float64)
    for row, column in ((0, 0), (20, 31), (55, 55), (31, 20)):
        product = float(chosen @ embeddings[0, :, row, column].numpy()) / np.sqrt(
            model.config.embedding_width
        )
        assert values[row, column] == pytest.approx(1 / (1 + np.exp(-product)), abs=1e-5)
    # a cross-entropy is as small as its target's own entropy only where the two are equal
    entropy = -(values * np.log(values) + (1 - values) * np.log(1 - values)).mean()
    loss = consistency_loss(embeddings, torch.from_numpy(values)[None], torch.tensor([anchor]))
    assert float(loss) == pytest.approx(float(entropy), abs=1e-5)


def test_only_real_faces_are_consistent_everywhere(detector: Detector, samples: Path) -> None:
    real, fake = read_image(samples / "astronaut.png"), read_image(SELF_BLENDED)
    (real_face,), (fake_face,) = detector.analyse_image(real).faces, detector.analyse_image(fake).faces
    for rgb, face in ((real, real_face), (fake, fake_face)):
        assert face.heatmap is not None
        values = detector.consistency_map(rgb, face)
        assert values.box == face.heatmap.box
        assert values.shape == face.heatmap.shape
        assert values.dtype == np.float32
        assert 0 <= values.values.min() <= values.values.max() <= 1
    assert np.ptp(detector.consistency_map(real, real_face).values) < 0.3
    values = detector.consistency_map(fake, fake_face).values
    assert np.ptp(values) > 0.6
    assert fake_face.heatmap is not None
    hot = fake_face.heatmap.values > 0.1
    assert values[hot].mean() > values[~hot].mean() + 0.3  # what was blended is like the anchor


def test_scoring_computes_no_embeddings(detector: Detector, samples: Path) -> None:
    calls: list[object] = []
    handle = detector.model.consistency_head.register_forward_hook(lambda *call: calls.append(call))
    try:
        rgb = read_image(samples / "astronaut.png")
        face = detector.analyse_image(rgb).faces[0]
        assert not calls
        detector.consistency_map(rgb, face)
        assert len(calls) == 1
    finally:
        handle.remove()


def test_faces_without_a_heatmap_and_invalid_anchors_are_refused(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")
    with pytest.raises(ValueError, match="without a heatmap"):
        detector.consistency_map(rgb, FaceResult((1, 1, 9, 9), 0.99, None, None, None))
    size = detector.config.input_size
    for anchor in (-1, detector.config.heatmap_size**2):
        with pytest.raises(ValueError, match="anchor"):
            consistency_values(LAANet.from_pretrained("starter"), np.zeros((size, size, 3), np.uint8), anchor)
