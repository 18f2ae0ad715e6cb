"""Conversion of crops to network input."""

from __future__ import annotations

import numpy as np
import torch

from laanet_core.modeling.preprocessing import to_input


def test_arrays_and_tensors_become_the_same_input() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    crops[0, 0, 0] = (0, 255, 51)
    images = to_input(crops)
    assert (images.shape, images.dtype) == ((2, 3, 8, 8), torch.float32)
    assert torch.allclose(images[0, :, 0, 0], torch.tensor([-1.0, 1.0, -0.6]))
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(to_input(torch.from_numpy(crops)), images, atol=1e-6)
