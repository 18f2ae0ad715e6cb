"""Fixtures of the long proofs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.media.decoding.process_pool import DecoderPool


@pytest.fixture(scope="session")
def decoders() -> Iterator[DecoderPool]:
    """Yield a pool with the application's default limits."""
    with DecoderPool(most=4, megabytes=1024, seconds=45) as pool:
        pool.wait_until_ready()
        yield pool


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path at which a test writes the file to decode."""
    return tmp_path / "upload"
