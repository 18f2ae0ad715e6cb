"""Tests of the desk's request models."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.domain.errors import Refused
from webapp.media.masks import painted_pixels
from webapp.ui.desk.requests import (
    MAX_SKIPPED,
    DeskCall,
    FineTuneRequest,
    FlagRequest,
    ImageRequest,
    LabelRequest,
    SkipRequest,
    parse_object,
)

LABEL = {"value": "fake", "confidence": 3, "tags": ["eyes"], "note": "n"}
REGION = {"width": 2, "height": 2, "runs": [1, 3]}


def call(content: dict[str, Any]) -> DeskCall:
    return DeskCall(None, "", content)


def test_a_label_becomes_the_input_of_the_service() -> None:
    label = call({**LABEL, "region": {**REGION, "time": 1.5}}).read(LabelRequest).label()
    assert (label.value, label.confidence, label.note, label.tags) == ("fake", 3, "n", ("eyes",))
    assert label.time == 1.5
    assert label.region is not None
    assert painted_pixels(label.region).tolist() == [[False, True], [True, True]]


def test_omitted_fields_have_defaults_and_unknown_ones_are_ignored() -> None:
    label = call({"confidence": 1, "unknown": []}).read(LabelRequest).label()
    assert (label.value, label.note, label.tags, label.region, label.time) == ("", "", (), None, None)
    assert call({}).read(FlagRequest).concern == ""
    assert call({}).read(FineTuneRequest).steps is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": 1}, "invalid_request"),
        ({"confidence": "3"}, "invalid_request"),
        ({"confidence": True}, "invalid_request"),
        ({"confidence": 2.0}, "invalid_request"),
        ({"confidence": None}, "invalid_request"),
        ({"tags": "eyes"}, "invalid_request"),
        ({"tags": [1]}, "invalid_request"),
        ({"note": 5}, "invalid_request"),
        ({"region": "all"}, "invalid_region"),
        ({"region": {}}, "invalid_region"),
        ({"region": {**REGION, "runs": [0.5]}}, "invalid_region"),
        ({"region": {**REGION, "runs": [0, 5]}}, "invalid_region"),
        ({"region": {**REGION, "width": 5000}}, "invalid_region"),
        ({"region": {**REGION, "time": "x"}}, "invalid_request"),
        ({"region": {**REGION, "time": -1}}, "invalid_request"),
    ],
)
def test_invalid_labels_are_refused_with_a_code(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        call({**LABEL, **changes}).read(LabelRequest).label()
    assert refusal.value.code == code


def test_of_many_skipped_cases_the_latest_count() -> None:
    names = [str(number) for number in range(MAX_SKIPPED + 20)]
    assert call({"skipped": names}).read(SkipRequest).latest == names[20:]
    for wrong in ("a", [1], ["x" * 65]):
        with pytest.raises(Refused, match="skipped"):
            call({"skipped": wrong}).read(SkipRequest)


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("0", 0.0), ("1.25", 1.25)])
def test_the_time_of_a_query_is_a_number_in_text(text: str, seconds: float | None) -> None:
    assert call({"time": text}).read(ImageRequest).time == seconds


@pytest.mark.parametrize("text", ["x", "nan", "inf", "-1", "1e9"])
def test_times_outside_any_clip_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="time"):
        call({"time": text}).read(ImageRequest)


@pytest.mark.parametrize("body", [b"[]", b"1", b"{", b"[" * 100_000, b'{"time": NaN}', b"\xff"])
def test_only_a_json_object_is_accepted(body: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        parse_object(body)
    assert refusal.value.code == "invalid_request"
    assert parse_object(b"") == {}
