"""Which runtime a network gets here, and whether it may be trusted with it."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from pathlib import Path

import torch
from torch import Tensor

from laanet_core.errors import InvalidConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.runtimes.base import NAMES, PRECISIONS, Name, Precision, Runtime, RuntimeUnavailable
from laanet_core.runtimes.eager import Eager

logger = logging.getLogger(__name__)
TOLERANCE = 1e-4  # on the logit, in float32
MOST_PROBABILITY = 0.01  # that a shorter precision may move a probability
_CHECKED = 3  # images


def open_runtime(
    model: LAANet,
    name: Name = "auto",
    precision: Precision = "float32",
    *,
    cache: Path | None = None,
    weights_sha256: str = "",
) -> Runtime:
    """The runtime of that name, or with `auto` the fastest known here: OpenVINO on CPUs where it is installed, else eager.

    Every runtime but eager is first held against it on the same images. With `auto`, one that cannot be had or disagrees is replaced by
    eager, and the log says why. `cache` is a folder for what was compiled, used for weights with a sha256. `model` lies on its device, in
    eval mode. Raises RuntimeUnavailable for a runtime that was asked for by name and cannot be had or disagrees, InvalidConfig for
    unknown names.
    """
    if name not in NAMES:
        raise InvalidConfig(f"no runtime named {name!r}; choose from {', '.join(NAMES)}")
    if precision not in PRECISIONS:
        raise InvalidConfig(f"no precision named {precision!r}; choose from {', '.join(PRECISIONS)}")
    eager = Eager(model)
    try:
        return _opened(model, eager, name, precision, cache, weights_sha256)
    except RuntimeUnavailable as error:
        if name != "auto":
            raise
        logger.warning("the network runs through torch eager in float32: %s", error.message)
        return eager


def _opened(
    model: LAANet, eager: Eager, name: Name, precision: Precision, cache: Path | None, sha256: str
) -> Runtime:
    wanted = name if name != "auto" else ("openvino" if eager.device.type == "cpu" else "eager")
    if wanted == "eager":
        if precision != "float32":
            raise RuntimeUnavailable(f"torch eager judges in float32, not in {precision}")
        return eager
    started = time.monotonic()
    allowed = tolerance(precision, model.decision.temperature)
    file = None if cache is None or not sha256 else cache / _key(model, sha256)
    runtime = _built(model, wanted, precision, file)
    difference = disagreement(runtime, eager)
    if not difference <= allowed and file is not None:  # what the cache held may be spoiled
        runtime = _built(model, wanted, precision, file, anew=True)
        difference = disagreement(runtime, eager)
    if not difference <= allowed:
        raise RuntimeUnavailable(
            f"{wanted} in {precision} differs from eager by {difference:.2g} on the logit; {allowed:.2g} is allowed"
        )
    if precision != "float32" and wanted == "cuda":
        logger.warning(
            "what %s does to probabilities of real faces has not been measured on such a device; see docs/performance.md",
            precision,
        )
    taken = time.monotonic() - started
    logger.info(
        "the network runs through %s in %s: ready in %.1f s, %.1g from eager on the logit",
        wanted,
        precision,
        taken,
        difference,
    )
    return runtime


def _built(
    model: LAANet, name: Name, precision: Precision, file: Path | None, *, anew: bool = False
) -> Runtime:
    if name == "cuda":
        from laanet_core.runtimes.cuda_graphs import CUDA

        return CUDA(model, precision)
    from laanet_core.runtimes.openvino import OpenVINO

    return OpenVINO(model, precision, file=file, anew=anew)


def tolerance(precision: Precision, temperature: float) -> float:
    """How far a logit may be from eager's on the images it is checked with; other images may differ more in a short precision.

    A sigmoid's slope is at most 1/4: no probability of those images then moves by more than MOST_PROBABILITY.
    """
    return TOLERANCE if precision == "float32" else 4 * MOST_PROBABILITY * temperature


def disagreement(runtime: Runtime, reference: Runtime) -> float:
    """The largest difference of two runtimes' logits on a few images of coarse noise; NaN where one answers NaN."""
    images = _noise(reference.config.input_size).to(reference.device)
    ours, theirs = runtime(images), reference(images)
    return float((ours.fake_logit.double() - theirs.fake_logit.double()).abs().max())


def _noise(size: int) -> Tensor:
    random = torch.Generator().manual_seed(0)
    coarse = torch.nn.functional.interpolate(
        torch.rand(_CHECKED, 3, 7, 7, generator=random), size=(size, size), mode="bilinear"
    )
    fine = torch.rand(_CHECKED, 3, size, size, generator=random)
    return (1.6 * coarse + 0.4 * fine - 1).contiguous(memory_format=torch.channels_last)


def _key(model: LAANet, sha256: str) -> str:
    """Weights and configuration in one name."""
    configured = json.dumps(model.config.to_dict(), sort_keys=True)
    return hashlib.sha256(f"{sha256}{configured}".encode()).hexdigest()[:24]
