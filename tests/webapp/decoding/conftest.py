"""Workers for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.media.decoding.decoders import Decoders


@pytest.fixture(scope="session")
def decoders() -> Iterator[Decoders]:
    """As the application has them."""
    with Decoders(most=4, megabytes=1024, seconds=45) as made:
        made.wait_until_ready()
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a test puts what it has decoded."""
    return tmp_path / "upload"
