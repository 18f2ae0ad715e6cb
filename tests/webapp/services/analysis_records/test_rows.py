"""Results and their rows."""

from __future__ import annotations

import dataclasses

import pytest

from laanet_core.results import AnalysisResult, ErrorInfo, ModelInfo, Provenance, ProvenanceSource
from tests.webapp.services.analysis_records.conftest import DECISION, record
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.services.analysis_records.rows import decision_of, result_of, row_of

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("name", ["photo", "clip"])
def test_a_stored_result_is_read_back_without_its_size(
    sessions: Sessions, name: str, request: pytest.FixtureRequest
) -> None:
    result: AnalysisResult = request.getfixturevalue(name)
    with sessions.begin() as session:
        session.add(row_of(record(result), "hash"))
    with sessions() as session:
        row = session.query(Analysis).one()
        assert result_of(row) == dataclasses.replace(result, size=None)
        assert (row.width, row.height) == result.size
        assert decision_of(row) == DECISION


def test_a_rejection_keeps_its_code(sessions: Sessions) -> None:
    error = ErrorInfo("corrupt_image", "The picture is damaged.")
    rejected = AnalysisResult("image", "rejected", None, None, (), ModelInfo("m", "1", "0" * 64), 0.1, error)
    with sessions.begin() as session:
        session.add(row_of(record(rejected), "hash"))
    with sessions() as session:
        assert result_of(session.query(Analysis).one()) == rejected


def test_a_row_without_thresholds_has_no_decision_and_no_tracks(clip: AnalysisResult) -> None:
    row = row_of(record(clip), "hash")
    row.temperature = None
    assert decision_of(row) is None
    assert result_of(row).tracks == ()


def test_provenance_and_conflict_are_read_back(sessions: Sessions, photo: AnalysisResult) -> None:
    provenance = Provenance(
        "valid_untrusted",
        issuer="Test Newspaper",
        ai_generated=False,
        captured_by_camera=True,
        sources=(ProvenanceSource("c2pa", "digital_source_type", "digitalCapture"),),
    )
    result = dataclasses.replace(photo, provenance=provenance, conflict="camera_signed_but_blended")
    with sessions.begin() as session:
        session.add(row_of(record(result), "hash"))
        session.add(row_of(record(photo), "older"))
    with sessions() as session:
        stored, older = (result_of(row) for row in session.query(Analysis).order_by(Analysis.id))
    assert (stored.provenance, stored.conflict) == (provenance, "camera_signed_but_blended")
    assert (older.provenance, older.conflict) == (None, None)
