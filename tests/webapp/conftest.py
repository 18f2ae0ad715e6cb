"""Services over real databases and the real detector. Tests marked `both_databases` run on both databases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from laanet_core.inference.detector import Detector
from laanet_core.results import AnalysisResult
from tests.model_versions import write_weights
from tests.synthetic_uploads import SyntheticUploads, find_landmarks
from tests.webapp.postgresql import PostgreSQL, binaries, running
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions, make_sessions, open_database
from webapp.media.decoding.process_pool import DecoderPool
from webapp.media.store import MediaStore
from webapp.services.analysis.analysis_store import AnalysisStore, StoredAnalysis
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.audit.log import AuditService
from webapp.services.results.feedback import FeedbackService
from webapp.services.results.receipts import ReceiptService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training.snapshots import SnapshotService


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def decoders() -> Iterator[DecoderPool]:
    """Yield a decoder pool with the application's limits."""
    with DecoderPool(most=4, megabytes=1024, seconds=45) as made:
        made.wait_until_ready()
        yield made


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    programs = binaries()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL on this machine, and CI must not do without")
        pytest.skip("needs PostgreSQL (Debian: apt install postgresql)")
    with running(programs) as server:
        yield server


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """Return the kind of database; `pytest_generate_tests` sets the parameter."""
    named: str = getattr(request, "param", "sqlite")
    return named


@pytest.fixture
def empty_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the URL of a database that does not exist yet."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'deep' / 'lens.sqlite3'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.empty()
    yield url
    server.drop(url)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty SQLite database with this version's tables, to be copied: a migration takes longer."""
    file = tmp_path_factory.mktemp("template") / "lens.sqlite3"
    open_database(f"sqlite:///{file}").dispose()
    return file


@pytest.fixture
def engine(
    kind: str, tmp_path: Path, migrated_file: Path, request: pytest.FixtureRequest
) -> Iterator[Engine]:
    if kind == "sqlite":
        (tmp_path / "deep").mkdir()
        file = shutil.copy(migrated_file, tmp_path / "deep" / "lens.sqlite3")
        opened = open_database(f"sqlite:///{file}")
        yield opened
        opened.dispose()
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.migrated()
    opened = open_database(url)
    yield opened
    opened.dispose()
    server.drop(url)


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return make_sessions(engine)


@pytest.fixture
def audit(sessions: Sessions, tmp_path: Path) -> AuditService:
    service = AuditService(sessions, tmp_path / "audit.head")
    service.store_head()
    return service


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(str(tmp_path / "deep" / "media"))


@pytest.fixture
def keeping(sessions: Sessions, store: MediaStore) -> KeptMediaService:
    return KeptMediaService(sessions, store, quota=50_000_000)


@pytest.fixture
def snapshot_folders(tmp_path: Path) -> SnapshotFolders:
    return SnapshotFolders(tmp_path / "deep" / "snapshots", tmp_path / "deep" / "judged")


@pytest.fixture
def snapshots(
    sessions: Sessions, audit: AuditService, keeping: KeptMediaService, snapshot_folders: SnapshotFolders
) -> SnapshotService:
    """Snapshots of synthetic faces, without a delay between decision and snapshot."""
    return SnapshotService(
        sessions, audit, keeping, snapshot_folders, landmarks=lambda: find_landmarks, delay=timedelta(0)
    )


@pytest.fixture
def uploads(tmp_path: Path, sessions: Sessions, keeping: KeptMediaService) -> SyntheticUploads:
    return SyntheticUploads.create(tmp_path / "pictures", sessions, keeping)


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of random weights of a tiny network, version tiny-1."""
    return write_weights(tmp_path_factory.mktemp("tiny"), "tiny-1", 3)


@pytest.fixture
def analysis(detector: Detector, sessions: Sessions, keeping: KeptMediaService) -> AnalysisService:
    return AnalysisService(detector, AnalysisStore(sessions, kept_media=keeping), Jobs(), frames=4)


@pytest.fixture
def feedback(sessions: Sessions) -> FeedbackService:
    return FeedbackService(sessions)


@pytest.fixture
def receipts(sessions: Sessions, keeping: KeptMediaService) -> ReceiptService:
    return receipt_service(sessions, keeping=keeping)


class Judged:
    """Stub that repeats the detector's result for one picture, which saves time."""

    notice = None

    def __init__(self, detector: Detector, picture: Path) -> None:
        self.info, self.decision, self.picture = detector.info, detector.decision, picture
        self._result = detector.analyse_file(picture)

    def analyse_file(self, path: str | Path, **_: Any) -> AnalysisResult:
        assert Path(path) == self.picture
        return self._result


@pytest.fixture(scope="session")
def judged(detector: Detector, samples: Path) -> Judged:
    return Judged(detector, samples / "two_people.jpg")


@pytest.fixture
def analysed(judged: Judged, sessions: Sessions) -> StoredAnalysis:
    """Two people, judged and stored."""
    return AnalysisService(judged, AnalysisStore(sessions), Jobs(), frames=4).analyse(judged.picture)
