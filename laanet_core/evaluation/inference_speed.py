"""Speed of inference: faces and clips, beside plain torch and the machine's arithmetic limit.

All runtimes are measured in turns, so that other work on the machine affects them alike. Ratios compare
medians, and the shortest times, which other work affects least.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from laanet_core.evaluation import hardware
from laanet_core.inference.detector import Detector
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.results import InferencePrecision
from laanet_core.runtimes.base import Runtime, RuntimeChoice, RuntimeUnavailable
from laanet_core.runtimes.selection import open_runtime

# Images per face: the crop and its mirror image.
IMAGES_PER_FACE = 2

# Names of the two baselines: the network without any of our runtimes, in single and in double precision.
PLAIN = "torch float32"
EXACT = "torch float64"

RUNTIMES: tuple[tuple[RuntimeChoice, InferencePrecision], ...] = (
    ("eager", "float32"),
    ("openvino", "float32"),
    ("openvino", "bfloat16"),
    ("cuda", "bfloat16"),
)

Task = Callable[[], Any]
Forward = Callable[[Tensor], Any]


def gflop_per_image(config: ModelConfig, *, consistency: bool = False) -> float:
    """Return the GFLOP of one image's forward pass; a multiplication with its addition counts as two."""
    with torch.device("meta"):
        model = LAANet(config).eval()
        image = torch.empty(1, 3, config.input_size, config.input_size)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(image, consistency=consistency)
    return float(counter.get_total_flops()) / 1e9


def compare_runtimes(model: LAANet, *, rounds: int) -> dict[str, Any]:
    """Measure one face, the crop and its mirror image, in every runtime of this machine, against plain torch.

    Returns the benchmark's JSON section. `gflop` is of both images, `logit_error` the largest difference from
    float64, `efficiency` the arithmetic rate as a share of the measured matmul rate, `missing` the
    unavailable runtimes.
    """
    size = model.config.input_size
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(IMAGES_PER_FACE, 3, size, size, generator=generator) * 2 - 1
    forwards, missing = _open_runtimes(model, images)
    errors = _logit_errors(forwards)
    tasks = {name: _forward_task(forward, inputs) for name, (forward, inputs) in forwards.items()}
    times = time_in_turns(tasks, rounds, warm_up=True)

    matmul_rate = hardware.matmul_rate()
    gflop = IMAGES_PER_FACE * gflop_per_image(model.config)
    rows: dict[str, dict[str, Any]] = {}
    for name, seconds in times.items():
        best = min(seconds)
        rows[name] = {
            "median_ms": round(statistics.median(seconds) * 1e3, 2),
            "best_ms": round(best * 1e3, 2),
            "logit_error": float(f"{errors[name]:.1e}"),
            "efficiency": round(gflop / best / matmul_rate, 3),
        }
        for baseline in (PLAIN, EXACT):
            if baseline != name:
                key = f"faster_than_{baseline.replace(' ', '_')}"
                rows[name][key] = _speedups(times[baseline], seconds)
    return {
        "gflop": round(gflop, 2),
        "matmul_gflop_per_second": round(matmul_rate, 1),
        "ways": rows,
        "missing": missing,
    }


def faces_per_second(detector: Detector, batch_sizes: Sequence[int], *, rounds: int) -> dict[str, float]:
    """Return the median faces scored per second, mirror images included, by batch size."""
    side = detector.config.input_size
    largest = max(batch_sizes)
    crops = list(np.random.default_rng(0).integers(0, 256, (largest, side, side, 3), dtype=np.uint8))
    tasks = {str(size): _task(detector.score_crops, crops[:size]) for size in batch_sizes}
    times = time_in_turns(tasks, rounds)
    rates: dict[str, float] = {}
    for size, seconds in times.items():
        rates[size] = round(int(size) / statistics.median(seconds), 1)
    return rates


def clip_speed(detector: Detector, path: Path, *, frames: int, rounds: int) -> dict[str, Any]:
    """Measure the analysis of a whole clip against the forward passes of its faces alone.

    Returns the benchmark's JSON section; `ratio` compares the medians, `best_ratio` the shortest times.
    """
    result = detector.analyse_video(path, frames)
    faces = sum(face.fake_logit is not None for face in result.faces)
    side = detector.config.input_size
    crops = [np.zeros((side, side, 3), np.uint8)] * faces
    tasks: dict[str, Task] = {
        "clip": lambda: detector.analyse_video(path, frames),
        "passes": _task(detector.score_crops, crops),
    }
    times = time_in_turns(tasks, rounds)
    clip_seconds = statistics.median(times["clip"])
    pass_seconds = statistics.median(times["passes"])
    frames_with_faces = len({face.time for face in result.faces})
    ratio: float | None = None
    best_ratio: float | None = None
    if pass_seconds:
        ratio = round(clip_seconds / pass_seconds, 2)
        best_ratio = round(min(times["clip"]) / min(times["passes"]), 2)
    return {
        "frames_with_faces": frames_with_faces,
        "faces": faces,
        "seconds": round(clip_seconds, 3),
        "passes_alone_seconds": round(pass_seconds, 3),
        "ratio": ratio,
        "best_ratio": best_ratio,
        "frames_per_second": round(frames_with_faces / clip_seconds, 1),
    }


def time_in_turns(tasks: Mapping[str, Task], rounds: int, *, warm_up: bool = False) -> dict[str, list[float]]:
    """Return the seconds of each task in every round, after one round that does not count.

    With `warm_up`, each task runs twice in its turn and the second run counts: the threads of the previous
    task spin for some milliseconds, which would be charged to the next.
    """
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for round_number in range(rounds + 1):
        for name, task in tasks.items():
            if warm_up:
                task()
            start = time.perf_counter()
            task()
            # Round 0 does not count.
            if round_number > 0:
                times[name].append(time.perf_counter() - start)
    return times


def _open_runtimes(model: LAANet, images: Tensor) -> tuple[dict[str, tuple[Forward, Tensor]], dict[str, str]]:
    """Return every forward function with its input (N, 3, S, S) by name, and the unavailable runtimes.

    An unavailable runtime has the reason as its value.
    """
    exact = copy.deepcopy(model).double()
    plain = copy.deepcopy(model).to(memory_format=torch.contiguous_format)
    channels_last = model.to(memory_format=torch.channels_last)
    channels_last_images = images.contiguous(memory_format=torch.channels_last)
    forwards: dict[str, tuple[Forward, Tensor]] = {
        EXACT: (exact, images.double()),
        PLAIN: (plain, images),
    }
    missing: dict[str, str] = {}
    for name, precision in RUNTIMES:
        try:
            runtime: Runtime = open_runtime(channels_last, name, precision)
        except RuntimeUnavailable as error:
            missing[f"{name} {precision}"] = error.message
            continue
        forwards[f"{name} {precision}"] = (runtime, channels_last_images)
    return forwards, missing


def _logit_errors(forwards: Mapping[str, tuple[Forward, Tensor]]) -> dict[str, float]:
    """Return the largest difference of every forward function's logits from those in float64."""
    with torch.inference_mode():
        logits = {name: forward(inputs).fake_logit.double() for name, (forward, inputs) in forwards.items()}
    return {name: float((values - logits[EXACT]).abs().max()) for name, values in logits.items()}


def _forward_task(forward: Forward, images: Tensor) -> Task:
    """Return a task that runs a forward function on images (N, 3, S, S)."""

    def task() -> None:
        with torch.inference_mode():
            forward(images)

    return task


def _task(function: Callable[[Any], Any], argument: Any) -> Task:
    """Return a task that calls a function with one argument, bound now and not when the task runs."""
    return lambda: function(argument)


def _speedups(slow: Sequence[float], fast: Sequence[float]) -> dict[str, float]:
    """Return how many times faster the second list of seconds is, by median and by shortest time."""
    return {
        "median": round(statistics.median(slow) / statistics.median(fast), 2),
        "best": round(min(slow) / min(fast), 2),
    }
