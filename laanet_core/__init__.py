"""LAA-Net: tells whether a face has been manipulated, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from laanet_core.inference.detector import Detector
    from laanet_core.modeling.laanet import LAANet

__all__ = ["Detector", "LAANet"]


def __getattr__(name: str) -> Any:
    """Import Detector or LAANet, and with it torch, when a program first uses the name."""
    if name == "Detector":
        from laanet_core.inference.detector import Detector

        return Detector
    if name == "LAANet":
        from laanet_core.modeling.laanet import LAANet

        return LAANet
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
