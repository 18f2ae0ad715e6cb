"""Selection of a runtime for a network, checked against torch eager before it is used."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from laanet_core.errors import InvalidConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.results import InferencePrecision, RuntimeName
from laanet_core.runtimes.base import (
    INFERENCE_PRECISIONS,
    RUNTIME_CHOICES,
    Runtime,
    RuntimeChoice,
    RuntimeUnavailable,
)
from laanet_core.runtimes.eager import EagerRuntime

logger = logging.getLogger(__name__)

# Largest difference of a logit from eager's in float32.
FLOAT32_TOLERANCE = 1e-4

# Largest change of a probability that a shorter precision may cause.
MAX_PROBABILITY_CHANGE = 0.01

# Images on which two runtimes are compared.
_COMPARED_IMAGES = 3

# Largest slope of the sigmoid, at a probability of 0.5.
_SIGMOID_SLOPE = 1 / 4


class RuntimeFactory(Protocol):
    """Builder of one runtime; `cache_file` and `refresh_cache` are those of `OpenVINORuntime`."""

    def __call__(
        self,
        model: LAANet,
        name: RuntimeName,
        precision: InferencePrecision,
        *,
        cache_file: Path | None,
        refresh_cache: bool,
    ) -> Runtime: ...


def build_runtime(
    model: LAANet,
    name: RuntimeName,
    precision: InferencePrecision,
    *,
    cache_file: Path | None,
    refresh_cache: bool,
) -> Runtime:
    """Build the runtime of that name, importing its package only now. Raises RuntimeUnavailable."""
    if name == "cuda":
        from laanet_core.runtimes.cuda_graphs import CUDAGraphRuntime

        return CUDAGraphRuntime(model, precision)
    if name == "openvino":
        from laanet_core.runtimes.openvino import OpenVINORuntime

        return OpenVINORuntime(model, precision, cache_file=cache_file, refresh_cache=refresh_cache)
    if precision != "float32":
        raise RuntimeUnavailable(f"torch eager runs in float32, not in {precision}")
    return EagerRuntime(model)


def open_runtime(
    model: LAANet,
    name: RuntimeChoice = "auto",
    precision: InferencePrecision = "float32",
    *,
    cache: Path | None = None,
    weights_sha256: str = "",
    factory: RuntimeFactory = build_runtime,
) -> Runtime:
    """Return the runtime of that name; `auto` takes OpenVINO on CPUs if it is installed, else eager.

    Every runtime but eager is first compared with eager on the same images. With `auto`, eager replaces a
    runtime that is unavailable or differs too much, and the log gives the reason. `cache` is a folder for
    compiled networks, used only together with `weights_sha256`. `model` is on its device, in eval mode.

    Raises RuntimeUnavailable if the runtime of a given name is unavailable or differs too much, InvalidConfig
    for unknown names.
    """
    if name not in RUNTIME_CHOICES:
        raise InvalidConfig(f"no runtime named {name!r}; choose from {', '.join(RUNTIME_CHOICES)}")
    if precision not in INFERENCE_PRECISIONS:
        raise InvalidConfig(
            f"no precision named {precision!r}; choose from {', '.join(INFERENCE_PRECISIONS)}"
        )
    eager = EagerRuntime(model)
    runtime_name = _resolve(name, eager.device)
    cache_file = None
    if cache is not None and weights_sha256:
        cache_file = cache / _cache_key(model, weights_sha256)
    try:
        if runtime_name == "eager":
            return factory(model, "eager", precision, cache_file=None, refresh_cache=False)
        return _open_checked(
            model, runtime_name, precision, eager=eager, cache_file=cache_file, factory=factory
        )
    except RuntimeUnavailable as error:
        if name != "auto":
            raise
        logger.warning("the network runs through torch eager in float32: %s", error.message)
        return eager


def _resolve(name: RuntimeChoice, device: torch.device) -> RuntimeName:
    """Return the runtime that a choice stands for on a device."""
    if name != "auto":
        return name
    return "openvino" if device.type == "cpu" else "eager"


def _open_checked(
    model: LAANet,
    name: RuntimeName,
    precision: InferencePrecision,
    *,
    eager: EagerRuntime,
    cache_file: Path | None,
    factory: RuntimeFactory,
) -> Runtime:
    """Build a runtime and compare it with eager. Raises RuntimeUnavailable if it differs too much."""
    start_time = time.monotonic()
    allowed = tolerance(precision, model.decision.temperature)
    runtime = factory(model, name, precision, cache_file=cache_file, refresh_cache=False)
    difference = disagreement(runtime, eager)
    # The graph in the cache may be damaged, so it is converted again. "not <=" also covers the difference
    # NaN.
    if not difference <= allowed and cache_file is not None:
        runtime = factory(model, name, precision, cache_file=cache_file, refresh_cache=True)
        difference = disagreement(runtime, eager)
    if not difference <= allowed:
        raise RuntimeUnavailable(
            f"{name} in {precision} differs from eager by {difference:.2g} on the logit; "
            f"{allowed:.2g} is allowed"
        )
    if precision != "float32" and name == "cuda":
        logger.warning(
            "the effect of %s on the probabilities of real faces was not measured on such a device; "
            "see docs/performance.md",
            precision,
        )
    logger.info(
        "the network runs through %s in %s: ready in %.1f s, %.1g from eager on the logit",
        name,
        precision,
        time.monotonic() - start_time,
        difference,
    )
    return runtime


def tolerance(precision: InferencePrecision, temperature: float) -> float:
    """Return the largest allowed difference from eager's logit on the images of `disagreement`.

    In a shorter precision than float32, no probability of those images changes by more than
    MAX_PROBABILITY_CHANGE, because the slope of the sigmoid is limited. Other images may differ more.
    """
    if precision == "float32":
        return FLOAT32_TOLERANCE
    return MAX_PROBABILITY_CHANGE / _SIGMOID_SLOPE * temperature


def disagreement(runtime: Runtime, reference: Runtime) -> float:
    """Return the largest difference of two runtimes' logits on a few noise images; NaN if one returns NaN."""
    images = _noise(reference.config.input_size).to(reference.device)
    logits = runtime(images).fake_logit.double()  # (N,)
    reference_logits = reference(images).fake_logit.double()  # (N,)
    return float((logits - reference_logits).abs().max())


def _noise(size: int) -> Tensor:
    """Return noise (3, 3, size, size) float32 in [-1, 1], mostly coarse, always the same."""
    generator = torch.Generator().manual_seed(0)
    tiny = torch.rand(_COMPARED_IMAGES, 3, 7, 7, generator=generator)
    coarse = torch.nn.functional.interpolate(tiny, size=(size, size), mode="bilinear")
    fine = torch.rand(_COMPARED_IMAGES, 3, size, size, generator=generator)
    # The weights add up to 2, so that the sum less 1 lies in [-1, 1].
    return (1.6 * coarse + 0.4 * fine - 1).contiguous(memory_format=torch.channels_last)


def _cache_key(model: LAANet, weights_sha256: str) -> str:
    """Return a name that identifies weights and configuration."""
    config = json.dumps(model.config.to_dict(), sort_keys=True)
    return hashlib.sha256(f"{weights_sha256}{config}".encode()).hexdigest()[:24]
