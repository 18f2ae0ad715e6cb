"""Workers for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a test puts what it has decoded."""
    return tmp_path / "upload"
