"""Interfaces of the detectors that analyses use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from laanet_core.decision import DecisionConfig
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult, Kind, ModelInfo, ProgressCallback


class FileDetector(Protocol):
    """Detector that analyses files; see `laanet_core.inference.detector.Detector`."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def decision(self) -> DecisionConfig: ...

    @property
    def notice(self) -> str | None: ...

    def analyse_file(
        self,
        path: str | Path,
        *,
        frames: int = ...,
        only: Kind | None = ...,
        progress: ProgressCallback | None = ...,
        on_frame: Callable[[Frame], None] | None = ...,
        on_partial_result: Callable[[AnalysisResult], None] | None = ...,
    ) -> AnalysisResult: ...


@runtime_checkable
class DetectorProvider(Protocol):
    """Source of detectors that may change between analyses."""

    @property
    def current(self) -> FileDetector:
        """The detector for the next file."""
        ...

    def producer_of(self, model: ModelInfo) -> FileDetector:
        """Return the detector that produced a model's results, or the current one if it is gone."""
        ...


class FixedDetector:
    """Provider of one detector that never changes."""

    def __init__(self, detector: FileDetector) -> None:
        self.current = detector

    def producer_of(self, model: ModelInfo) -> FileDetector:
        """Return the detector, whatever the model."""
        return self.current


def provider_of(detector: FileDetector | DetectorProvider) -> DetectorProvider:
    """Return a provider; a detector alone becomes a FixedDetector."""
    return detector if isinstance(detector, DetectorProvider) else FixedDetector(detector)
