"""JSON documents: keys in the documented order, rounding, and keys that are left out."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from pydantic import ValidationError

from laanet_core.documents import AnalysisDocument, FaceDocument, FileProvenanceDocument, StabilityDocument
from laanet_core.results import (
    MAX_STATEMENT,
    AnalysisResult,
    Coverage,
    ErrorInfo,
    FaceQuality,
    FaceResult,
    ModelInfo,
    Provenance,
    ProvenanceSource,
    RuntimeInfo,
    Segment,
    Stability,
    TrackResult,
    Variant,
)
from tests.conftest import ROOT

FACE = FaceResult((1.04, 2.0, 30.96, 40.0), 0.99999, 1.234567, 0.654321, "fake")
PHOTO = AnalysisResult(
    "image", "verdict", "fake", 0.654321, (FACE,), ModelInfo("laanet-lite", "1", "ab"), 0.12345
)
CLIP = dataclasses.replace(
    PHOTO,
    kind="video",
    faces=(dataclasses.replace(FACE, time=1.23456, track=0),),
    tracks=(TrackResult(0, 1, 1.234567, 0.654321, "fake"),),
    runtime=RuntimeInfo("eager", "float32", "cpu"),
    cautions=("cut_short",),
)
COVERED_CLIP = dataclasses.replace(
    CLIP,
    segments=(Segment(0, 0.98765, 1.5, 0.654321, "fake", 1.234567, 3),),
    coverage=Coverage(3, 1.98765, 2.0),
)


def test_photo_has_the_documented_keys_and_no_path() -> None:
    document = AnalysisDocument.from_result(PHOTO).to_json()
    assert list(document.items()) == [
        ("kind", "image"),
        ("outcome", "verdict"),
        ("verdict", "fake"),
        ("fake_prob", 0.6543),
        (
            "faces",
            [
                {
                    "box": [1.0, 2.0, 31.0, 40.0],
                    "detection_prob": 1.0,
                    "fake_logit": 1.2346,
                    "fake_prob": 0.6543,
                    "verdict": "fake",
                    "time": None,
                    "track": None,
                    "judged": True,
                    "not_judged": None,
                    "quality": None,
                }
            ],
        ),
        ("model", {"name": "laanet-lite", "version": "1", "sha256": "ab"}),
        ("seconds", 0.123),
        ("error", None),
        ("cautions", []),
        ("provenance", None),
        ("conflict", None),
    ]


def test_provenance_is_an_object_and_is_read_back() -> None:
    provenance = Provenance(
        "valid_untrusted",
        issuer="Test Newspaper",
        ai_generated=True,
        captured_by_camera=False,
        sources=(ProvenanceSource("c2pa", "issuer", "Test Newspaper"),),
    )
    result = dataclasses.replace(PHOTO, provenance=provenance, conflict="signature_invalid")
    document = AnalysisDocument.from_result(result).to_json()
    assert document["provenance"] == {
        "status": "valid_untrusted",
        "issuer": "Test Newspaper",
        "generator": None,
        "digital_source_type": None,
        "ai_generated": True,
        "captured_by_camera": False,
        "sources": [{"where": "c2pa", "what": "issuer", "says": "Test Newspaper"}],
    }
    assert document["conflict"] == "signature_invalid"
    assert FileProvenanceDocument.model_validate(document["provenance"]).to_result() == provenance


@pytest.mark.parametrize(
    "change",
    [
        {"status": "real"},
        {"issuer": "x" * (MAX_STATEMENT + 1)},
        {"issuer": "a\u202eb"},
        {"ai_generated": "yes"},
        {"sources": [{"where": "gps", "what": "camera", "says": "x"}]},
        {"sources": [{"where": "exif", "what": "camera", "says": "x"}] * 17},
        {"place": "46,57N"},
    ],
)
def test_unexpected_provenance_is_refused(change: dict[str, object]) -> None:
    document = FileProvenanceDocument.from_result(Provenance()).to_json()
    with pytest.raises(ValidationError):
        FileProvenanceDocument.model_validate({**document, **change}, strict=True)


def test_clip_adds_tracks_and_a_fresh_result_its_runtime() -> None:
    document = AnalysisDocument.from_result(CLIP).to_json()
    assert list(document) == [
        *("kind", "outcome", "verdict", "fake_prob", "faces", "tracks"),
        *("model", "seconds", "error", "cautions", "runtime", "provenance", "conflict"),
    ]
    assert document["tracks"] == [
        {"track": 0, "frames": 1, "fake_logit": 1.2346, "fake_prob": 0.6543, "verdict": "fake"}
    ]
    assert document["runtime"] == {"name": "eager", "precision": "float32", "device": "cpu"}
    assert document["faces"][0]["time"] == 1.235
    assert document["cautions"] == ["cut_short"]


def test_a_judged_clip_adds_segments_and_coverage() -> None:
    document = AnalysisDocument.from_result(COVERED_CLIP).to_json()
    assert list(document)[4:9] == ["faces", "tracks", "segments", "coverage", "model"]
    assert [list(segment.items()) for segment in document["segments"]] == [
        [("from", 0.988), ("to", 1.5), ("track", 0), ("fake_prob", 0.6543), ("verdict", "fake")]
    ]
    assert AnalysisDocument.model_validate(document).to_json() == document
    assert document["coverage"] == {"frames_judged": 3, "seconds_covered": 1.988, "seconds": 2.0}
    empty = AnalysisDocument.from_result(dataclasses.replace(COVERED_CLIP, segments=())).to_json()
    assert empty["segments"] == []


def test_a_rejected_clip_has_an_empty_list_of_tracks() -> None:
    rejected = AnalysisResult(
        "video", "rejected", None, None, (), PHOTO.model, 0.0, ErrorInfo("no_frames", "It has no frames.")
    )
    document = AnalysisDocument.from_result(rejected).to_json()
    assert document["tracks"] == []
    assert document["error"] == {"code": "no_frames", "message": "It has no frames."}


def test_stability_states_which_variants_are_opposite() -> None:
    variants = (
        Variant("jpeg_90", -2.0, 0.1192, "real", "fake"),
        Variant("half_size", None, None, None, "fake"),
    )
    document = StabilityDocument.from_result(Stability(variants, False, "inconclusive")).to_json()
    assert document == {
        "variants": [
            {
                "name": "jpeg_90",
                "fake_logit": -2.0,
                "fake_prob": 0.1192,
                "verdict": "real",
                "compared_to": "fake",
                "opposite": True,
            },
            {
                "name": "half_size",
                "fake_logit": None,
                "fake_prob": None,
                "verdict": None,
                "compared_to": "fake",
                "opposite": False,
            },
        ],
        "stable": False,
        "verdict": "inconclusive",
    }


def test_face_that_is_not_judged_has_its_reason_and_its_rounded_quality() -> None:
    quality = FaceQuality(39.04, 0.123456, 0.98765, -12.34, 0.987654)
    hidden = FaceResult((1, 2, 41, 52), 0.987654, None, None, None, quality=quality, not_judged="hidden")
    document = FaceDocument.from_result(hidden).to_json()
    assert (document["judged"], document["not_judged"], document["fake_prob"]) == (False, "hidden", None)
    assert document["quality"] == {
        "side": 39.0,
        "sharpness": 0.1235,
        "inside": 0.9877,
        "roll": -12.3,
        "detection_prob": 0.9877,
    }


def test_documents_are_immutable_and_know_their_keys() -> None:
    document = FaceDocument.from_result(FACE)
    with pytest.raises(ValidationError):
        document.verdict = "real"
    with pytest.raises(ValidationError):
        FaceDocument.model_validate({**document.to_json(), "score": 1})


def test_only_code_that_produces_json_imports_pydantic() -> None:
    code = "import sys, laanet_core.results, laanet_core.decision; print('pydantic' in sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "False"
