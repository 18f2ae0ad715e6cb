"""Construction of detectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from webapp.settings import Settings

if TYPE_CHECKING:
    from laanet_core.inference.detector import Detector
    from laanet_core.media.reader import Reader
    from webapp.bootstrap.learning import Learning


def open_detector(settings: Settings, source: str | Path, reader: Reader) -> Detector:
    """Return a detector with the weights `source`, which LENS_WEIGHTS could name. Raises LaanetError."""
    if settings.zero_gpu:
        from webapp.zerogpu import LendingDetector as Detector
    else:
        from laanet_core.inference.detector import Detector  # type: ignore[assignment]

    return Detector.from_weights(
        source,
        settings.device,
        runtime=settings.runtime,
        precision=settings.precision,
        cache=settings.compiled,
        reader=reader,
        # Seconds.
        gather=settings.gather_ms / 1000,
    )


def present_detector(settings: Settings, learning: Learning) -> Detector:
    """Return a detector with the champion, or the configured weights if nothing was promoted."""
    champion = learning.versions.champion()
    weights = settings.weights if champion is None else champion.folder
    return open_detector(settings, weights, learning.decoders)
