"""Reference runtime."""

from __future__ import annotations

import torch

from laanet_core.results import RuntimeInfo
from laanet_core.runtimes.eager import EagerRuntime
from tests.core.runtimes.conftest import random_images, tiny_network


def test_outputs_are_the_models_own() -> None:
    model = tiny_network()
    runtime = EagerRuntime(model)
    assert runtime.info == RuntimeInfo("eager", "float32", "cpu")
    assert not runtime.gains_from_batching
    images = random_images(3)
    with torch.no_grad():
        expected = model(images)
    output = runtime(images)
    assert torch.equal(output.fake_logit, expected.fake_logit)
    assert torch.equal(output.heatmap_logits, expected.heatmap_logits)
    assert output.embeddings is None
    assert output.fake_logit.is_inference()
