"""Photos to keep, and the kept files."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from laanet_core.media.images import read_image
from tests.webapp import private
from tests.webapp.keepers import keeper
from webapp.db.session import Sessions
from webapp.db.tables import Consent, Media
from webapp.services.analysis.service import AnalysisService
from webapp.services.storage.kept_media import KeptMediaService

Pixels = npt.NDArray[np.uint8]


@pytest.fixture
def rgb(samples: Path) -> Pixels:
    return np.ascontiguousarray(read_image(samples / "astronaut.png")[:240, 100:340])


@pytest.fixture
def photo(tmp_path: Path, rgb: Pixels) -> Path:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(private.picture(rgb, "JPEG", orientation=6, quality=90))
    return path


@pytest.fixture
def service(sessions: Sessions, keeping: KeptMediaService) -> AnalysisService:
    return keeper(sessions, keeping)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the kept files."""
    return tmp_path / "deep" / "media"


def counts(sessions: Sessions) -> tuple[int, int]:
    with sessions() as session:
        return session.query(Media).count(), session.query(Consent).count()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def assert_rows_and_files_agree(sessions: Sessions, folder: Path) -> None:
    with sessions() as session:
        rows = {media.name: media.sha256 for media in session.query(Media).all()}
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} == rows


def age(path: Path, hours: float = 2) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
