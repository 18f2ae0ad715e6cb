"""CUDA graph runtime; its outputs are compared with eager's where a CUDA device exists."""

from __future__ import annotations

import pytest
import torch

from laanet_core.runtimes.base import RuntimeUnavailable
from laanet_core.runtimes.cuda_graphs import GRAPH_SIZES, CUDAGraphRuntime
from laanet_core.runtimes.eager import EagerRuntime
from tests.core.runtimes.conftest import random_images, tiny_network


def test_other_devices_are_refused() -> None:
    with pytest.raises(RuntimeUnavailable, match="need a CUDA device, not cpu"):
        CUDAGraphRuntime(tiny_network(), "float32")


def test_graph_sizes_grow_up_to_the_batch_size() -> None:
    assert sorted(GRAPH_SIZES) == list(GRAPH_SIZES)
    assert GRAPH_SIZES[-1] == CUDAGraphRuntime.batch_size


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("count", [1, 8, 300])
def test_outputs_agree_with_eager(count: int) -> None:
    model = tiny_network().to("cuda")
    images = random_images(count).to("cuda")
    ours, theirs = CUDAGraphRuntime(model, "float32")(images), EagerRuntime(model)(images)
    assert (ours.fake_logit - theirs.fake_logit).abs().max() < 1e-4
    assert (ours.heatmap_logits - theirs.heatmap_logits).abs().max() < 1e-4
