"""Tests of requests and answers."""

from __future__ import annotations

import pytest

from laanet_core.results import AnalysisResult
from tests.webapp.sample_results import PHOTO, STORED_AT, VIDEO
from webapp.domain.errors import Refused
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.ui.rest.schemas import AnalyseAnswer, FeedbackRequest


def stored_analysis(result: AnalysisResult) -> StoredAnalysis:
    return StoredAnalysis(result, "0" * 64, STORED_AT, "receipt")


def test_an_answer_has_the_documented_keys_in_order() -> None:
    """Keys without a value are null, but `tracks`, `runtime` and `timeline` are left out."""
    photo = AnalyseAnswer.of(stored_analysis(PHOTO)).to_json()
    assert list(photo) == [
        *("kind", "outcome", "verdict", "fake_prob", "faces", "model", "seconds", "error", "cautions"),
        *("provenance", "conflict", "receipt", "kept", "not_kept"),
    ]
    clip = AnalyseAnswer.of(stored_analysis(VIDEO)).to_json()
    assert set(clip) - set(photo) == {"tracks", "timeline"}


def test_feedback_becomes_the_input_of_the_service() -> None:
    request = FeedbackRequest(vote="agree", idempotency_key="key-of-a-test", region="AAEC")
    submission = request.submission("receipt")
    assert (submission.receipt, submission.vote) == ("receipt", "agree")
    assert submission.region == b"\x00\x01\x02"


def test_a_region_must_be_base64() -> None:
    request = FeedbackRequest(vote="agree", idempotency_key="key-of-a-test", region="not base64")
    with pytest.raises(Refused) as refusal:
        request.submission("receipt")
    assert refusal.value.code == "invalid_region"
