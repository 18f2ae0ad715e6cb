"""The interface of all runtimes."""

from __future__ import annotations

from typing import Literal, Protocol, get_args

import torch
from torch import Tensor

from laanet_core.errors import LaanetError
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.laanet import LAANetOutput
from laanet_core.results import RuntimeInfo

Name = Literal["auto", "eager", "openvino", "cuda"]
Precision = Literal["float32", "bfloat16", "float16"]
NAMES, PRECISIONS = get_args(Name), get_args(Precision)


class RuntimeUnavailable(LaanetError):
    """A runtime that this machine, this device or this precision cannot have; the message says why."""

    code = "runtime_unavailable"


class Runtime(Protocol):
    """One network, ready to judge. Not safe between threads, unless through `Shared`.

    `batch_size` is the number of images it wants at a time; any other number works too. `company`: whether images judged together take
    less than one after the other. `side_by_side`: calls that it takes at a time, each of which is judged for itself.
    """

    config: ModelConfig
    device: torch.device
    info: RuntimeInfo
    batch_size: int
    company: bool
    side_by_side: int

    def __call__(self, images: Tensor) -> LAANetOutput:
        """images (N, 3, S, S) float32 in [-1, 1] on `device`, N at least 1; the answer's `embeddings` are None, its numbers float32."""
        ...
