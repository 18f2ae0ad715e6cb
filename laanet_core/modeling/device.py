"""Choice of the device on which the network runs."""

from __future__ import annotations

import torch

from laanet_core.errors import InvalidConfig

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick_device(name: str = "auto") -> torch.device:
    """Return a device; `auto` takes CUDA, then MPS, then the CPU.

    Raises InvalidConfig for an unknown device or one that this machine lacks.
    """
    # In order of preference.
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(device for device, is_available in available.items() if is_available))
    if name not in available:
        raise InvalidConfig(f"no device named {name!r}; choose from {', '.join(DEVICES)}")
    if not available[name]:
        raise InvalidConfig(f"this machine has no {name} device that torch can use")
    return torch.device(name)
