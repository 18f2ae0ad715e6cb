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
_MATRIX = 1536
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
    a, b = torch.rand(_MATRIX, _MATRIX), torch.rand(_MATRIX, _MATRIX)
    best = float("inf")
    for _ in range(_ATTEMPTS):
        before = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - before)
    return 2 * _MATRIX**3 / best / 1e9


def peak_memory() -> float:
    """Return the peak resident memory of this process in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux kibibytes.
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
