"""The reference: torch runs the network operation by operation, on any device, in float32."""

from __future__ import annotations

import torch
from torch import Tensor

from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.results import RuntimeInfo

BATCH_SIZE = 16


class Eager:
    """Takes the model as it is, wherever and however it lies."""

    batch_size = BATCH_SIZE
    side_by_side = 1

    def __init__(self, model: LAANet) -> None:
        self.config = model.config
        self.device = next(model.parameters()).device
        self.info = RuntimeInfo("eager", "float32", self.device.type)
        self.company = self.device.type != "cpu"
        self._model = model

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> LAANetOutput:
        output: LAANetOutput = self._model(images)
        return output
