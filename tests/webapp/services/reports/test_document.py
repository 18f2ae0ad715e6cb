"""Tests of the JSON document: its keys are a contract."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.webapp.sample_results import FLIPPING, PHOTO, VIDEO
from tests.webapp.services.reports.pdf import GREY, report_on
from webapp.services.reports.document import ReportDocument
from webapp.services.reports.service import report_json

KEYS = {
    "format",
    "format_version",
    "language",
    "created",
    "media",
    "model",
    "decision",
    "outcome",
    "verdict",
    "fake_prob",
    "error",
    "cautions",
    "provenance",
    "conflict",
    "shown_verdict",
    "stability",
    "faces",
    "reliability",
    "images",
    "limits",
}
FACE_KEYS = {
    "number", "box", "detection_prob", "fake_logit", "fake_prob", "verdict", "time", "track", "person",
    "judged", "not_judged", "quality",
}  # fmt: skip


def test_keys_stay_as_they_are() -> None:
    photo = report_json(report_on(PHOTO, stabilities=[FLIPPING, None]), GREY)
    assert set(photo) == KEYS
    assert set(photo["faces"][0]) == FACE_KEYS
    assert set(photo["stability"][0]) == {"number", "variants", "stable", "verdict"}
    assert set(photo["images"][0]) == {"number", "time", "crop", "heatmap"}
    assert set(photo["model"]) == {"name", "version", "sha256", "notice"}
    video = report_json(report_on(VIDEO))
    assert set(video) == {*KEYS, "tracks"}
    assert set(video["tracks"][0]) == {"track", "person", "frames", "fake_logit", "fake_prob", "verdict"}


def test_unknown_keys_are_refused() -> None:
    parsed = ReportDocument.model_validate(report_json(report_on(PHOTO), GREY))
    assert parsed.shown_verdict == "fake"
    with pytest.raises(ValidationError, match="extra"):
        ReportDocument.model_validate({**parsed.to_json(), "new": 1})
