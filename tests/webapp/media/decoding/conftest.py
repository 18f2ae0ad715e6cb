"""Fixtures of the decoder tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path at which a test writes the file to decode."""
    return tmp_path / "upload"
