"""Description of the machine that measurements run on, and its arithmetic limit."""

from __future__ import annotations

import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import torch

# Side of the multiplied matrices. The product takes tens of milliseconds on two cores: longer than its start,
# shorter than most disturbances.
_MATRIX_SIDE = 1536

# Products of which the fastest counts.
_ATTEMPTS = 12


def describe() -> dict[str, Any]:
    """Return processor, threads and GPUs, and the versions of the arithmetic libraries, ready for JSON."""
    return {
        "machine": platform.machine(),
        "processor": _processor(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "gpus": [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())],
        "torch": torch.__version__,
        "opencv": cv2.__version__,
    }


def matmul_rate() -> float:
    """Return the best measured rate of float32 matrix products on the CPU, in GFLOP per second.

    It is the practical limit of a network's arithmetic.
    """
    left = torch.rand(_MATRIX_SIDE, _MATRIX_SIDE)
    right = torch.rand(_MATRIX_SIDE, _MATRIX_SIDE)
    best_seconds = float("inf")
    for _ in range(_ATTEMPTS):
        start = time.perf_counter()
        torch.mm(left, right)
        best_seconds = min(best_seconds, time.perf_counter() - start)
    # Every entry of the product takes as many multiplications as additions.
    operations = 2 * _MATRIX_SIDE**3
    return operations / best_seconds / 1e9


def peak_memory() -> float:
    """Return the peak resident memory of this process in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux kibibytes.
    units_per_mb = 1e6 if sys.platform == "darwin" else 1e3
    return peak / units_per_mb


def _processor() -> str:
    """Return the processor's name as Linux lists it, or else as Python knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
