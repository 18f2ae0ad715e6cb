"""Reference runtime: torch runs the network operation by operation, on any device, in float32."""

from __future__ import annotations

import torch
from torch import Tensor

from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.results import RuntimeInfo

# Images per call. Bounds the memory of one forward pass.
BATCH_SIZE = 16


class EagerRuntime:
    """Runtime that calls a LAANet as it is, on the device and in the memory format it has."""

    batch_size = BATCH_SIZE
    max_concurrent_calls = 1

    def __init__(self, model: LAANet) -> None:
        self.config = model.config
        self.device = next(model.parameters()).device
        self.info = RuntimeInfo("eager", "float32", self.device.type)
        self.gains_from_batching = self.device.type != "cpu"
        self._model = model

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> LAANetOutput:
        """Run the network on images (N, 3, S, S) float32 in [-1, 1] on the model's device."""
        output: LAANetOutput = self._model(images)
        return output
