"""Services over a real database and the real detector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from laanet_core.inference import Detector
from webapp.db.session import Sessions, make_sessions, open_database
from webapp.services.analysis import Analysed, AnalysisService
from webapp.services.feedback import FeedbackService
from webapp.services.jobs import Jobs
from webapp.services.receipts import ReceiptService


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_database(f"sqlite:///{tmp_path / 'deep' / 'lens.sqlite3'}")
    yield opened
    opened.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return make_sessions(engine)


@pytest.fixture
def analysis(detector: Detector, sessions: Sessions) -> AnalysisService:
    return AnalysisService(detector, sessions, Jobs(), frames=4)


@pytest.fixture
def feedback(sessions: Sessions) -> FeedbackService:
    return FeedbackService(sessions)


@pytest.fixture
def receipts(sessions: Sessions) -> ReceiptService:
    return ReceiptService(sessions)


@pytest.fixture
def analysed(analysis: AnalysisService, samples: Path) -> Analysed:
    """Two people, judged and stored."""
    return analysis.analyse(samples / "two_people.jpg")
