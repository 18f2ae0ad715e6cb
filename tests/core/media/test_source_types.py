from __future__ import annotations

import pytest

from laanet_core.media.source_types import (
    short_text,
    source_type,
    strongest_type,
)
from laanet_core.results import MAX_STATEMENT


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        ("https://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture/", "digitalCapture"),
        ("http://c2pa.org/digitalsourcetype/trainedAlgorithmicData", "trainedAlgorithmicData"),
        ("COMPOSITEWITHTRAINEDALGORITHMICMEDIA", "compositeWithTrainedAlgorithmicMedia"),
        ("http://example.org/trainedAlgorithmicMedia", None),
        ("Jane Roe", None),
        (7, None),
    ],
)
def test_codes_of_source_types(value: object, code: str | None) -> None:
    assert source_type(value) == code


def test_strongest_of_several_source_types_counts() -> None:
    assert strongest_type(["digitalCapture", "screenCapture", "trainedAlgorithmicMedia"]) == (
        "trainedAlgorithmicMedia"
    )
    assert strongest_type(["digitalCapture", "composite"]) == "composite"
    assert strongest_type(["nothing"]) is None


def test_short_texts_are_printable_and_bounded() -> None:
    assert short_text("  Photo\n\tEditor\x00 9 ") == "Photo Editor 9"
    assert short_text("abc\u202egpj\u200b") == "abcgpj"
    assert len(short_text("x" * 10_000) or "") == MAX_STATEMENT
    assert short_text("\x00\u200b ") is None
    assert short_text(b"bytes") is None
    assert short_text("Firmware 20260101") == "Firmware 20260101"
    assert short_text("jane@example.org") is None
    assert short_text("Model 1234567890") is None
