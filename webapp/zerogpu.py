"""On ZeroGPU: a GPU is lent for every call, to a process forked for it, as long as the visitor's quota lasts.

Only what `bootstrap` imports this for: it needs Hugging Face's package `spaces`, which must come before anything touches CUDA.
"""

from __future__ import annotations

import contextvars
import copy
import logging
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import numpy as np
import numpy.typing as npt
import spaces
import torch

from laanet_core.errors import LaanetError
from laanet_core.inference.detector import Detector
from laanet_core.inference.scoring import Scores, score_crops
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import load_weights
from laanet_core.results import AnalysisResult, Progress, ProgressCallback
from laanet_core.runtimes.eager import EagerRuntime
from laanet_core.types import RGBImage

logger = logging.getLogger(__name__)
CROPS_PER_CALL = (
    64  # so that a call asks for a few seconds: one that asks for more than is left of the quota is refused
)
_START_SECONDS = 4.0  # to move the network and to warm up
_CROP_SECONDS = 0.02  # for one pass; generous
_WORKER_FAILED = "ZeroGPU worker error"  # what spaces calls it when the forked process died or raised
_network: list[LAANet] = []  # what the forked processes find; set once, before the first of them


class GpuFailed(LaanetError):
    """The lent GPU's process died or raised."""

    code = "gpu_failed"


def seconds_for(crops: npt.NDArray[np.uint8], flip: bool) -> int:
    """What a call asks for: the more there is to do the more, and no more than that."""
    passes = len(crops) * (2 if flip else 1)
    return math.ceil(_START_SECONDS + passes * _CROP_SECONDS)


@spaces.GPU(duration=seconds_for)  # type: ignore[untyped-decorator]
def lent(crops: npt.NDArray[np.uint8], flip: bool) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """`score_crops` of crops (N, S, S, 3) in a process of its own: arrays go in and come out, nothing else."""
    torch.set_num_threads(1)  # the processor's threads do not survive a fork, and would be waited for
    scores = score_crops(EagerRuntime(_network[0]), list(crops), flip=flip)
    return scores.fake_logit, scores.heatmap


@dataclass
class _Telling:
    """Progress of one analysis; once its GPU time ran out the visitor is told so in place of the phase."""

    progress: ProgressCallback | None
    fraction: float = 0.0
    fallen: bool = False

    def __call__(self, report: Progress) -> None:
        self.fraction = report.fraction
        if self.fallen and report.phase == "judging":
            report = Progress(report.fraction, "without_gpu")
        if self.progress is not None:
            self.progress(report)

    def fall(self) -> None:
        self.fallen = True
        self(Progress(self.fraction, "judging"))


_telling: contextvars.ContextVar[_Telling | None] = contextvars.ContextVar("telling", default=None)


class _NoGpu(Exception):
    """The quota is used up, or nobody lends one now."""


class LendingDetector(Detector):
    """Scores crops on lent GPUs; faces are found, and everything is done where none is to be had, on the processor."""

    @classmethod
    def from_weights(
        cls, source: str | Path = "starter", device: str = "auto", **options: Any
    ) -> LendingDetector:
        """`device` is the lent one: `auto` is CUDA, `cpu` lends processes without a GPU. Raises InvalidWeights."""

        def load() -> tuple[LendingDetector, LAANet]:
            loaded = load_weights(source)
            return cls(loaded, "cpu", **options), copy.deepcopy(loaded.model).eval()

        with (
            ThreadPoolExecutor(1) as plain
        ):  # in the main thread `spaces` looks at every operation of torch, which takes many times as long
            detector, network = plain.submit(load).result()
        _network[:] = [network.to("cuda" if device == "auto" else device)]  # here it must see it
        return detector

    def analyse_file(
        self, path: str | Path, *, progress: ProgressCallback | None = None, **options: Any
    ) -> AnalysisResult:
        telling = _Telling(progress)
        token = _telling.set(telling)
        try:
            return super().analyse_file(path, progress=telling, **options)
        finally:
            _telling.reset(token)

    def score_crops(self, crops: Sequence[RGBImage], *, flip: bool = True) -> Scores:
        """Raises GpuFailed when a lent GPU's process died."""
        parts: list[Scores] = []
        for start in range(0, len(crops), CROPS_PER_CALL):
            try:
                parts.append(_ask(np.stack(crops[start : start + CROPS_PER_CALL]), flip))
            except _NoGpu as error:
                logger.warning("no GPU was lent, the processor judges in its place: %s", error)
                if (telling := _telling.get()) is not None:
                    telling.fall()
                parts.append(super().score_crops(crops[start:], flip=flip))
                break
        if not parts:
            return super().score_crops(crops, flip=flip)
        return Scores(
            np.concatenate([part.fake_logit for part in parts]),
            np.concatenate([part.heatmap for part in parts]),
        )


def _ask(crops: npt.NDArray[np.uint8], flip: bool) -> Scores:
    try:
        fake_logit, heatmap = lent(crops, flip)
    except gr.Error as error:
        if error.title == _WORKER_FAILED:
            raise GpuFailed(f"the lent GPU's process failed ({error.message})") from error
        raise _NoGpu(str(error.title)) from error
    except (RuntimeError, httpx.HTTPError) as error:  # who lends them does not answer as expected
        raise _NoGpu(type(error).__name__) from error
    return Scores(fake_logit, heatmap)
