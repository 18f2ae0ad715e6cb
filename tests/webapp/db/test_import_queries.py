"""Tests of the queries of imported files."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.webapp.services.conftest import Kept
from webapp.db.analysis_queries import analysis_by_receipt
from webapp.db.import_queries import imported_file, imports_of_case
from webapp.db.session import Sessions
from webapp.db.tables import Case, ImportedFile
from webapp.domain.enums import ImportRule, Reason
from webapp.security.tokens import receipt_hash
from webapp.services.moderation.ranking import TriageRules, add_item

pytestmark = pytest.mark.both_databases


def imported(sha256: str, source: str = "Commons") -> ImportedFile:
    return ImportedFile(sha256=sha256, source=source, rights="CC0", rule=ImportRule.ALL)


def test_a_file_is_found_by_its_bytes_and_imported_once(sessions: Sessions) -> None:
    kept = Kept(sessions)
    receipt = kept.add(imported=imported("a" * 64))
    with sessions() as session:
        found = imported_file(session, "a" * 64)
        assert found is not None
        assert found.analysis.receipt_hash == receipt_hash(receipt)
        assert imported_file(session, "b" * 64) is None
    with pytest.raises(IntegrityError):
        kept.add(imported=imported("a" * 64))


def test_imports_of_a_case_come_in_the_order_of_its_files(sessions: Sessions) -> None:
    kept = Kept(sessions)
    first = kept.add(imported=imported("a" * 64, "first"))
    receipts = [first, kept.add(), kept.add(imported=imported("b" * 64, "third"))]
    with sessions.begin() as session:
        case = None
        for receipt in receipts:
            analysis = analysis_by_receipt(session, receipt_hash(receipt))
            assert analysis is not None
            case = add_item(session, case, analysis, 1, reason=Reason.IMPORT, rules=TriageRules())
    with sessions() as session:
        case = session.scalars(select(Case)).one()
        assert [file.source for file in imports_of_case(session, case, limit=3)] == ["first", "third"]
        assert [file.source for file in imports_of_case(session, case, limit=2)] == ["first"]
