"""CUDA graphs: the whole forward pass as one launch, channels last, in float32, bfloat16 or float16.

Written for machines that the authors could not measure on: nothing but asking for it by name chooses it.
"""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import Tensor

from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.results import RuntimeInfo
from laanet_core.runtimes.base import Precision, RuntimeUnavailable

SIZES = (2, 8, 32, 128)  # images of a graph; a batch takes the smallest that holds it
_WARM_UP = 3


class CUDA:
    """A LAANet on a CUDA device, one graph for each of SIZES, captured when it is made. Raises RuntimeUnavailable on another device."""

    batch_size = SIZES[-1]
    company = True
    side_by_side = 1

    def __init__(self, model: LAANet, precision: Precision) -> None:
        self.config = model.config
        self.device = next(model.parameters()).device
        if self.device.type != "cuda":
            raise RuntimeUnavailable(f"CUDA graphs need a CUDA device, not {self.device}")
        self.info = RuntimeInfo("cuda", precision, "cuda")
        self._model = model
        self._dtype = None if precision == "float32" else getattr(torch, precision)
        try:
            self._graphs = {size: self._captured(size) for size in SIZES}
        except RuntimeError as error:
            raise RuntimeUnavailable(f"the network could not be captured as a CUDA graph: {error}") from error

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> LAANetOutput:
        parts = [self._judged(part) for part in torch.split(images, SIZES[-1])]
        return LAANetOutput(
            torch.cat([logit for logit, _ in parts]), torch.cat([heatmap for _, heatmap in parts]), None
        )

    def _judged(self, images: Tensor) -> tuple[Tensor, Tensor]:
        count = len(images)
        graph, given, output = self._graphs[next(size for size in SIZES if size >= count)]
        given[:count].copy_(images)
        graph.replay()
        return output.fake_logit[:count].float(), output.heatmap_logits[:count].float()

    @torch.inference_mode()
    def _captured(self, size: int) -> tuple[torch.cuda.CUDAGraph, Tensor, LAANetOutput]:
        side = self.config.input_size
        given = torch.zeros(size, 3, side, side, device=self.device).contiguous(
            memory_format=torch.channels_last
        )
        stream: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream), self._precision():
            for _ in range(_WARM_UP):
                self._model(given)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph), self._precision():
            output = self._model(given)
        return graph, given, output

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        """Autocast without its cache of weights, which a graph must not refer to."""
        return (
            contextlib.nullcontext()
            if self._dtype is None
            else torch.autocast("cuda", self._dtype, cache_enabled=False)
        )
