"""CUDA graph runtime: the whole forward pass as one launch, in float32, bfloat16 or float16.

It is chosen by name only, never by `auto`: its effect on accuracy was not measured on many devices.
"""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import Tensor

from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.results import InferencePrecision, RuntimeInfo
from laanet_core.runtimes.base import RuntimeUnavailable

# Batch sizes for which a graph is captured. A batch runs through the smallest graph that holds it.
GRAPH_SIZES = (2, 8, 32, 128)

# Forward passes before the capture, in which cuDNN chooses its algorithms.
_WARM_UP_PASSES = 3


class CUDAGraphRuntime:
    """Runtime of a LAANet on a CUDA device, with one captured graph per size in GRAPH_SIZES.

    Raises RuntimeUnavailable if the model is on another device or cannot be captured.
    """

    batch_size = GRAPH_SIZES[-1]
    gains_from_batching = True
    max_concurrent_calls = 1

    def __init__(self, model: LAANet, precision: InferencePrecision) -> None:
        self.config = model.config
        self.device = next(model.parameters()).device
        if self.device.type != "cuda":
            raise RuntimeUnavailable(f"CUDA graphs need a CUDA device, not {self.device}")
        self.info = RuntimeInfo("cuda", precision, "cuda")
        self._model = model
        # Type of autocast; None runs without it.
        self._dtype = None if precision == "float32" else getattr(torch, precision)
        try:
            self._graphs = {size: self._capture(size) for size in GRAPH_SIZES}
        except RuntimeError as error:
            raise RuntimeUnavailable(f"the network could not be captured as a CUDA graph: {error}") from error

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> LAANetOutput:
        """Run the network on images (N, 3, S, S) float32 in [-1, 1] on the model's device."""
        parts = [self._replay(part) for part in torch.split(images, GRAPH_SIZES[-1])]
        fake_logit = torch.cat([part.fake_logit for part in parts])
        heatmap_logits = torch.cat([part.heatmap_logits for part in parts])
        return LAANetOutput(fake_logit, heatmap_logits, None)

    def _replay(self, images: Tensor) -> LAANetOutput:
        """Run at most GRAPH_SIZES[-1] images (N, 3, S, S) through the smallest graph that holds them."""
        count = len(images)
        graph_size = next(size for size in GRAPH_SIZES if size >= count)
        graph, graph_input, output = self._graphs[graph_size]
        graph_input[:count].copy_(images)
        graph.replay()
        # Copies, because the next replay overwrites the graph's own output.
        fake_logit = output.fake_logit[:count].to(torch.float32, copy=True)
        heatmap_logits = output.heatmap_logits[:count].to(torch.float32, copy=True)
        return LAANetOutput(fake_logit, heatmap_logits, None)

    @torch.inference_mode()
    def _capture(self, size: int) -> tuple[torch.cuda.CUDAGraph, Tensor, LAANetOutput]:
        """Return a graph with its static input (size, 3, S, S) and its static output."""
        side = self.config.input_size
        graph_input = torch.zeros(size, 3, side, side, device=self.device)
        graph_input = graph_input.contiguous(memory_format=torch.channels_last)
        stream: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream), self._autocast():
            for _ in range(_WARM_UP_PASSES):
                self._model(graph_input)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph), self._autocast():
            output = self._model(graph_input)
        return graph, graph_input, output

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        """Return autocast without its cache of weights, which a graph must not refer to."""
        if self._dtype is None:
            return contextlib.nullcontext()
        return torch.autocast("cuda", self._dtype, cache_enabled=False)
