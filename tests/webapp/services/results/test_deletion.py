"""Deletion of results."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.webapp.receipt_services import result_deletion
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Media
from webapp.domain.clock import now
from webapp.domain.errors import Refused
from webapp.media.store import MediaStore
from webapp.services.analysis.service import AnalysisService
from webapp.services.audit.log import AuditService
from webapp.services.storage.kept_media import KeptMediaService

pytestmark = pytest.mark.both_databases


def test_a_result_goes_with_its_file_and_others_are_told_the_receipt(
    analysis: AnalysisService,
    sessions: Sessions,
    audit: AuditService,
    keeping: KeptMediaService,
    store: MediaStore,
    samples: Path,
) -> None:
    stored = analysis.analyse(samples / "astronaut.png", consent=True)
    assert stored.receipt
    notified: list[str] = []
    deletion = result_deletion(sessions, audit, keeping, on_deleted=[notified.append])
    deletion.delete(stored.receipt)
    assert notified == [stored.receipt]
    assert not store.listed()
    with sessions() as session:
        assert session.query(Analysis).count() == session.query(Media).count() == 0
    with pytest.raises(Refused) as refused:
        deletion.delete(stored.receipt)
    assert refused.value.code == "unknown_receipt"


def test_old_results_go_and_young_ones_stay(
    analysis: AnalysisService,
    sessions: Sessions,
    audit: AuditService,
    keeping: KeptMediaService,
    samples: Path,
) -> None:
    analysis.analyse(samples / "astronaut.png", consent=True)
    analysis.analyse(samples / "astronaut.png", consent=True)
    with sessions.begin() as session:
        old, _ = session.query(Analysis).order_by(Analysis.id).all()
        old.created_at = now() - timedelta(days=2)
    deletion = result_deletion(sessions, audit, keeping)
    assert deletion.delete_older(now() - timedelta(days=1), days=1) == 1
    assert deletion.delete_older(now() - timedelta(days=1), days=1) == 0
    with sessions() as session:
        assert session.query(Analysis).count() == session.query(Media).count() == 1
