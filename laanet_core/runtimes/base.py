"""Interface of all runtimes, and the names by which callers choose one. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, get_args

from laanet_core.errors import LaanetError
from laanet_core.results import InferencePrecision, RuntimeInfo, RuntimeName

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from laanet_core.modeling.config import ModelConfig
    from laanet_core.modeling.laanet import LAANetOutput

# Names that a caller may request; `auto` stands for the fastest runtime known for the device.
RuntimeChoice = Literal["auto", RuntimeName]
RUNTIME_CHOICES: tuple[RuntimeChoice, ...] = get_args(RuntimeChoice)
INFERENCE_PRECISIONS: tuple[InferencePrecision, ...] = get_args(InferencePrecision)


class RuntimeUnavailable(LaanetError):
    """A runtime that this machine, device or precision does not support. The message gives the reason."""

    code = "runtime_unavailable"


class Runtime(Protocol):
    """One network, ready for forward passes. Not thread-safe; `BatchingRuntime` shares it between threads."""

    config: ModelConfig
    device: torch.device
    info: RuntimeInfo

    # Number of images per call that gives the highest throughput; any other number works too.
    batch_size: int

    # True if a batch takes less time than its images one after another.
    gains_from_batching: bool

    # Number of calls that may run at the same time, each with its own images.
    max_concurrent_calls: int

    def __call__(self, images: Tensor) -> LAANetOutput:
        """Run the network on images (N, 3, S, S) float32 in [-1, 1] on `device`, with N at least 1.

        The output's tensors are float32: `fake_logit` (N,) and `heatmap_logits` (N, 1, S/4, S/4); its
        `embeddings` are None.
        """
        ...
