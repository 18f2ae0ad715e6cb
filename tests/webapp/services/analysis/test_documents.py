"""Tests of the document of an analysis that was just made."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.webapp.sample_results import PHOTO, STORED_AT
from webapp.services.analysis.service import StoredAnalysis


def test_receipt_and_file_follow_the_analysis() -> None:
    stored = StoredAnalysis(PHOTO, "0" * 64, STORED_AT, "receipt", is_kept=False, not_kept="store_full")
    assert list(stored.document().to_json())[-3:] == ["receipt", "kept", "not_kept"]


def test_other_reasons_are_refused() -> None:
    stored = StoredAnalysis(PHOTO, "0" * 64, STORED_AT, None, is_kept=False, not_kept="no_reason")
    with pytest.raises(ValidationError):
        stored.document()
