"""Tests of the queries of earlier decisions; `test_known_files` covers the rules."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from webapp.db import known_file_queries
from webapp.db.near_duplicates import fingerprint_row
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.domain.clock import now
from webapp.security.tokens import new_receipt, receipt_hash

pytestmark = pytest.mark.both_databases


def test_days_of_receipts_are_counted_once(sessions: Sessions) -> None:
    moment = now().replace(hour=12)
    with sessions.begin() as session:
        for days_ago, sha256, bits in (
            (0, "a", 1),
            (1, "a", 1),
            (1, "a", 1),
            (2, "b", 3),
            (3, "c", 2**63 - 1),
        ):
            session.add(
                Analysis(
                    receipt_hash=receipt_hash(new_receipt()),
                    created_at=moment - timedelta(days=days_ago),
                    media_sha256=sha256 * 64,
                    kind="image",
                    outcome="no_face",
                    seconds=1,
                    model_name="m",
                    model_version="1",
                    model_sha256="f" * 64,
                    fingerprints=[fingerprint_row(0, bits)],
                )
            )
    with sessions() as session:
        first = session.scalars(select(Analysis).order_by(Analysis.id)).first()
        assert first is not None
        day = timedelta(days=1)
        same = known_file_queries.receipt_days(session, first, near_copies=False)
        assert same == {(moment - day).date()}
        near = known_file_queries.receipt_days(session, first, near_copies=True)
        assert near == {(moment - day).date(), (moment - 2 * day).date()}
        assert known_file_queries.decided_copies(session, first, now()) == ([], [])
