"""How fast faces and clips are judged here, beside the same network in plain torch and beside what the machine could do at most.

All ways are measured in turns, so that whatever else the machine does disturbs them alike; ratios are those of the medians, and of the
shortest times, which a busy machine disturbs least.
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

from laanet_core.evaluation import hardware as machine
from laanet_core.inference.detector import Detector
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.runtimes.base import Precision, Runtime, RuntimeUnavailable
from laanet_core.runtimes.selection import open_runtime

_IMAGES = 2  # of a face
PLAIN, EXACT = "torch float32", "torch float64"  # the network as anybody would run it
Way = Callable[[], Any]


def flops(config: ModelConfig, *, consistency: bool = False) -> float:
    """GFLOP of one image's forward pass, counted: two for every multiplication with its addition."""
    with torch.device("meta"):
        model, image = LAANet(config).eval(), torch.empty(1, 3, config.input_size, config.input_size)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(image, consistency=consistency)
    return float(counter.get_total_flops()) / 1e9


def compare(model: LAANet, *, rounds: int) -> dict[str, Any]:
    """One face, the crop and its mirror image, through the network in every way this machine has, against plain torch; in milliseconds.

    `gflop` is of both images; `logit_error` the largest difference from float64 on them; `efficiency` the arithmetic rate as part of the
    measured matmul rate.
    """
    size = model.config.input_size
    images = torch.rand(_IMAGES, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    ways, errors, missing = _ways(model, images)
    times = measured(ways, rounds, twice=True)
    rate, work = machine.matmul_rate(), _IMAGES * flops(model.config)
    rows = {}
    for name, seconds in times.items():
        median, best = statistics.median(seconds), min(seconds)
        rows[name] = {
            "median_ms": round(median * 1e3, 2),
            "best_ms": round(best * 1e3, 2),
            "logit_error": float(f"{errors[name]:.1e}"),
            "efficiency": round(work / best / rate, 3),
            **{
                f"faster_than_{other.replace(' ', '_')}": _ratios(times[other], seconds)
                for other in (PLAIN, EXACT)
                if other != name
            },
        }
    return {
        "gflop": round(work, 2),
        "matmul_gflop_per_second": round(rate, 1),
        "ways": rows,
        "missing": missing,
    }


def by_batch(detector: Detector, sizes: Sequence[int], *, rounds: int) -> dict[str, float]:
    """Faces judged a second, mirror images included, given so many at a time; medians."""
    side = detector.config.input_size
    crops = list(np.random.default_rng(0).integers(0, 256, (max(sizes), side, side, 3), dtype=np.uint8))
    times = measured({str(size): _given(detector.score_crops, crops[:size]) for size in sizes}, rounds)
    return {size: round(int(size) / statistics.median(seconds), 1) for size, seconds in times.items()}


def clip(detector: Detector, path: Path, *, frames: int, rounds: int) -> dict[str, Any]:
    """A whole clip against the forward passes of its judged faces alone (`ratio`, of the medians), and frames judged a second."""
    judged = detector.analyse_video(path, frames)
    faces = sum(face.fake_logit is not None for face in judged.faces)
    side = detector.config.input_size
    crops = [np.zeros((side, side, 3), np.uint8)] * faces
    ways: dict[str, Way] = {
        "clip": lambda: detector.analyse_video(path, frames),
        "passes": _given(detector.score_crops, crops),
    }
    times = measured(ways, rounds)
    whole, passes = (statistics.median(times[name]) for name in ("clip", "passes"))
    count = len({face.time for face in judged.faces})
    return {
        "frames_with_faces": count,
        "faces": faces,
        "seconds": round(whole, 3),
        "passes_alone_seconds": round(passes, 3),
        "ratio": round(whole / passes, 2) if passes else None,
        "best_ratio": round(min(times["clip"]) / min(times["passes"]), 2) if passes else None,
        "frames_per_second": round(count / whole, 1),
    }


def measured(ways: Mapping[str, Way], rounds: int, *, twice: bool = False) -> dict[str, list[float]]:
    """Seconds of every round of every way, in turns, after one round that does not count. With `twice` each goes twice in its turn and
    the second counts: threads of the way before still wait for work for some milliseconds, which would be charged to it.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            if twice:
                way()
            before = time.perf_counter()
            way()
            if number:
                times[name].append(time.perf_counter() - before)
    return times


def _ways(model: LAANet, images: Tensor) -> tuple[dict[str, Way], dict[str, float], dict[str, str]]:
    """What judges the images, how far each is from float64, and why others are missing here."""
    exact, plain = (
        copy.deepcopy(model).double(),
        copy.deepcopy(model).to(memory_format=torch.contiguous_format),
    )
    ours = model.to(memory_format=torch.channels_last)
    wide = images.contiguous(memory_format=torch.channels_last)
    judges: dict[str, tuple[Callable[[Tensor], Any], Tensor]] = {
        EXACT: (exact, images.double()),
        PLAIN: (plain, images),
    }
    missing: dict[str, str] = {}
    wanted: list[tuple[Any, Precision]] = [
        ("eager", "float32"),
        ("openvino", "float32"),
        ("openvino", "bfloat16"),
        ("cuda", "bfloat16"),
    ]
    for name, precision in wanted:
        try:
            runtime: Runtime = open_runtime(ours, name, precision)
        except RuntimeUnavailable as error:
            missing[f"{name} {precision}"] = error.message
            continue
        judges[f"{name} {precision}"] = (runtime, wide)
    with torch.inference_mode():
        answers = {name: judge(given).fake_logit.double() for name, (judge, given) in judges.items()}
    errors = {name: float((answer - answers[EXACT]).abs().max()) for name, answer in answers.items()}
    return {name: _judging(judge, given) for name, (judge, given) in judges.items()}, errors, missing


def _judging(judge: Callable[[Tensor], Any], images: Tensor) -> Way:
    def way() -> None:
        with torch.inference_mode():
            judge(images)

    return way


def _given(work: Callable[[Any], Any], what: Any) -> Way:
    return lambda: work(what)


def _ratios(slow: Sequence[float], fast: Sequence[float]) -> dict[str, float]:
    medians, best = statistics.median(slow) / statistics.median(fast), min(slow) / min(fast)
    return {"median": round(medians, 2), "best": round(best, 2)}
