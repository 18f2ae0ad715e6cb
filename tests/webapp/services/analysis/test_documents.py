"""Tests of the document of an analysis that was just made."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from pydantic import ValidationError

from tests.webapp.sample_results import PHOTO, STORED_AT
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.analysis_records.known_files import KnownFace, KnownFile


def test_receipt_and_file_follow_the_analysis() -> None:
    stored = StoredAnalysis(PHOTO, "0" * 64, STORED_AT, "receipt", is_kept=False, not_kept="store_full")
    assert list(stored.document().to_json())[-3:] == ["receipt", "kept", "not_kept"]


def test_other_reasons_are_refused() -> None:
    stored = StoredAnalysis(PHOTO, "0" * 64, STORED_AT, None, is_kept=False, not_kept="no_reason")
    with pytest.raises(ValidationError):
        stored.document()


def test_earlier_decisions_are_a_key_only_if_there_are_any() -> None:
    stored = StoredAnalysis(PHOTO, "0" * 64, STORED_AT, "receipt")
    assert "known" not in stored.document().to_json()
    face = KnownFace(face=1, value="real", decided_on=date(2026, 5, 3), moderators=2, exact=True)
    known = dataclasses.replace(stored, known=KnownFile(faces=[face])).document().to_json()["known"]
    expected = {"face": 1, "value": "real", "decided_on": "2026-05-03", "moderators": 2, "exact": True}
    assert known == {"faces": [expected]}
