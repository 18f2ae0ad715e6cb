"""Retention of results."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.webapp.receipt_services import result_deletion
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.domain.clock import now
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.results.retention import PurgeReport, RetentionService


@pytest.mark.parametrize(("days", "purged"), [(0, 0), (1, 1), (3, 0)])
def test_results_older_than_the_limit_are_deleted(
    sessions: Sessions, analysed: StoredAnalysis, days: int, purged: int
) -> None:
    with sessions.begin() as session:
        session.query(Analysis).one().created_at = now() - timedelta(days=2)
    report = RetentionService(result_deletion(sessions), days=days).purge()
    assert report == PurgeReport(days, purged)
