"""Construction of detectors."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.settings import Settings

if TYPE_CHECKING:
    from laanet_core.inference.detector import Detector
    from laanet_core.media.reader import Reader
    from laanet_core.media.trust_list import TrustList
    from webapp.bootstrap.learning import Learning
    from webapp.media.decoding.process_pool import DecoderPool


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


def open_decoders(settings: Settings, trust_list: TrustList | None, *, most: int) -> DecoderPool:
    """Start at most `most` decoder processes, which trust the signers of `trust_list`.

    Raises Unable (no_decoder).
    """
    from webapp.media.decoding.process_pool import DecoderPool
    from webapp.media.decoding.worker_process import WorkerProcess

    trust_anchors = "" if trust_list is None else trust_list.anchors
    return DecoderPool(
        most=most,
        megabytes=settings.decode_mb,
        seconds=settings.decode_seconds,
        start=functools.partial(WorkerProcess.start, trust_anchors=trust_anchors),
    )


def open_trust_list(settings: Settings) -> TrustList | None:
    """Return the trust list of Content Credentials; None if no signer is trusted. Raises LaanetError."""
    from laanet_core.media.trust_list import read_trust_list

    return None if settings.c2pa_trust is None else read_trust_list(settings.c2pa_trust)


def present_detector(settings: Settings, learning: Learning) -> Detector:
    """Return a detector with the champion, or the configured weights if nothing was promoted."""
    champion = learning.versions.champion()
    weights = settings.weights if champion is None else champion.folder
    return open_detector(settings, weights, learning.decoders)
