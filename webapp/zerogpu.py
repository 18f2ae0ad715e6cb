"""Detector for ZeroGPU: each call borrows a GPU for a forked process, while the visitor's quota lasts.

Only the bootstrap imports this: it needs Hugging Face's package `spaces`, which must be imported before CUDA
is used.
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
# A call that requests more seconds than the quota has left is refused, so calls are short.
CROPS_PER_CALL = 64
# Time to move the network to the GPU and to warm up.
_START_SECONDS = 4.0
# Generous time of one forward pass per crop.
_CROP_SECONDS = 0.02
# Title of the error that `spaces` raises if the forked process died or raised.
_WORKER_FAILED = "ZeroGPU worker error"
# Network of the forked processes. Set once, before the first fork.
_network: list[LAANet] = []


class GpuFailed(LaanetError):
    """Failure of the process with the borrowed GPU."""

    code = "gpu_failed"


def seconds_for(crops: npt.NDArray[np.uint8], flip: bool) -> int:
    """Return the seconds to request for crops (N, S, S, 3), proportional to their number."""
    passes = len(crops) * (2 if flip else 1)
    return math.ceil(_START_SECONDS + passes * _CROP_SECONDS)


@spaces.GPU(duration=seconds_for)  # type: ignore[untyped-decorator]
def lent(crops: npt.NDArray[np.uint8], flip: bool) -> tuple[npt.NDArray[np.float32], ...]:
    """Score crops (N, S, S, 3), uint8 RGB, in a forked process with a GPU.

    Return the arrays of `Scores` in the order of its fields; a tuple of arrays travels between processes.
    """
    # Threads of the parent do not survive the fork; PyTorch would wait for them.
    torch.set_num_threads(1)
    scores = score_crops(EagerRuntime(_network[0]), list(crops), flip=flip)
    return scores.fake_logit, scores.heatmap, scores.unmirrored_logit


@dataclass
class _PhaseReporter:
    """Progress of an analysis. After the loss of the GPU its phase is `without_gpu`."""

    progress: ProgressCallback | None
    fraction: float = 0.0
    without_gpu: bool = False

    def __call__(self, report: Progress) -> None:
        self.fraction = report.fraction
        if self.without_gpu and report.phase == "judging":
            report = Progress(report.fraction, "without_gpu")
        if self.progress is not None:
            self.progress(report)

    def lose_gpu(self) -> None:
        """Switch the phase to `without_gpu`."""
        self.without_gpu = True
        self(Progress(self.fraction, "judging"))


_reporter: contextvars.ContextVar[_PhaseReporter | None] = contextvars.ContextVar("reporter", default=None)


class _NoGpu(Exception):
    """The quota is used up, or no GPU is available."""


class LendingDetector(Detector):
    """Detector that scores crops on borrowed GPUs.

    Everything else, and all without a GPU, runs on the CPU.
    """

    @classmethod
    def from_weights(
        cls, source: str | Path = "starter", device: str = "auto", **options: Any
    ) -> LendingDetector:
        """Load the weights. `device` is the borrowed one: `auto` is CUDA, `cpu` forks processes without a
        GPU.

        Raises InvalidWeights.
        """

        def load() -> tuple[LendingDetector, LAANet]:
            loaded = load_weights(source)
            return cls(loaded, "cpu", **options), copy.deepcopy(loaded.model).eval()

        # In the main thread `spaces` intercepts every operation of PyTorch, which is many times slower.
        with ThreadPoolExecutor(1) as executor:
            detector, network = executor.submit(load).result()
        # This operation must be intercepted.
        _network[:] = [network.to("cuda" if device == "auto" else device)]
        return detector

    def analyse_file(
        self, path: str | Path, *, progress: ProgressCallback | None = None, **options: Any
    ) -> AnalysisResult:
        """Analyse a file, see `Detector.analyse_file`. Progress reports the loss of the GPU."""
        reporter = _PhaseReporter(progress)
        token = _reporter.set(reporter)
        try:
            return super().analyse_file(path, progress=reporter, **options)
        finally:
            _reporter.reset(token)

    def score_crops(self, crops: Sequence[RGBImage], *, flip: bool = True) -> Scores:
        """Score crops (S, S, 3), uint8 RGB, as `Detector.score_crops` does.

        Raises GpuFailed if a process died.
        """
        parts: list[Scores] = []
        for start in range(0, len(crops), CROPS_PER_CALL):
            try:
                parts.append(_ask(np.stack(crops[start : start + CROPS_PER_CALL]), flip))
            except _NoGpu as error:
                logger.warning("no GPU available, scoring on the CPU: %s", error)
                if (reporter := _reporter.get()) is not None:
                    reporter.lose_gpu()
                parts.append(super().score_crops(crops[start:], flip=flip))
                break
        if not parts:
            return super().score_crops(crops, flip=flip)
        return Scores(
            np.concatenate([part.fake_logit for part in parts]),
            np.concatenate([part.heatmap for part in parts]),
            np.concatenate([part.unmirrored_logit for part in parts]),
        )


def _ask(crops: npt.NDArray[np.uint8], flip: bool) -> Scores:
    try:
        arrays = lent(crops, flip)
    except gr.Error as error:
        if error.title == _WORKER_FAILED:
            raise GpuFailed(f"the process with the GPU failed ({error.message})") from error
        raise _NoGpu(str(error.title)) from error
    # The service that lends GPUs is unavailable.
    except (RuntimeError, httpx.HTTPError) as error:
        raise _NoGpu(type(error).__name__) from error
    return Scores(*arrays)
