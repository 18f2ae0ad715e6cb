"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from laanet_core.inference import Detector

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The public-domain photographs."""
    return ROOT / "tests" / "samples"


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The maintainers' folder beside the repository; its tests are skipped, visibly, for everybody else."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the maintainers' folder ../shared")
    return folder


@pytest.fixture(scope="session")
def detector() -> Detector:
    """The bundled weights on the CPU."""
    return Detector.from_weights("starter", device="cpu")
