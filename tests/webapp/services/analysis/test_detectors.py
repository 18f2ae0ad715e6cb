"""Providers of detectors."""

from __future__ import annotations

from laanet_core.inference.detector import Detector
from laanet_core.results import ModelInfo
from webapp.services.analysis.detectors import FixedDetector, provider_of
from webapp.services.model_registry.serving import CurrentDetector


def test_a_detector_alone_is_its_own_provider(detector: Detector) -> None:
    provider = provider_of(detector)
    assert isinstance(provider, FixedDetector)
    assert provider.current is detector
    assert provider.producer_of(ModelInfo("another", "2", "f" * 64)) is detector


def test_a_provider_stays_itself(detector: Detector) -> None:
    current = CurrentDetector(detector)
    assert provider_of(current) is current
