"""Tests of both forms of a report against the real detector: their values are those of the result."""

from __future__ import annotations

import dataclasses
import io
import json
from datetime import UTC
from typing import Any

import pypdf
import pytest

from laanet_core.documents import AnalysisDocument, FaceDocument, StabilityDocument
from laanet_core.inference.detector import Detector
from laanet_core.results import CAUTIONS, AnalysisResult, Provenance, ProvenanceSource
from laanet_core.types import RGBImage
from tests.webapp.sample_results import FAKE, FLIPPING, PHOTO, SMALL, TRACK, without_faces
from tests.webapp.services.reports.conftest import AnalysedVideo
from tests.webapp.services.reports.pdf import CREATED, GREY, REJECTED, SHA256, report_on, squeezed, text_of
from tests.webapp.services.reports.test_content import KNOWN
from webapp.services.reports.document import FORMAT, FORMAT_VERSION
from webapp.services.reports.service import report_json, report_pdf, report_statement
from webapp.texts import LANGUAGES, Texts
from webapp.texts.formats import number_text
from webapp.ui.render.faces import face_table
from webapp.ui.render.facts import model_facts

ENGLISH = LANGUAGES["en"]
ALL_LANGUAGES = pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)


def json_of(*args: Any, **options: Any) -> dict[str, Any]:
    """Return the JSON report after a round trip through text."""
    parsed: dict[str, Any] = json.loads(json.dumps(report_json(*args, **options), allow_nan=False))
    return parsed


@ALL_LANGUAGES
def test_both_forms_have_the_caution_of_a_partly_judged_file(texts: Texts) -> None:
    for caution in CAUTIONS:
        report = report_on(dataclasses.replace(PHOTO, cautions=(caution,)), texts=texts)
        assert json_of(report)["cautions"] == [caution]
        text = squeezed(text_of(report_pdf(report)))
        shown = [squeezed(texts.cautions[code]) in text for code in CAUTIONS]
        assert shown == [code == caution for code in CAUTIONS]


@ALL_LANGUAGES
def test_both_forms_state_the_provenance(texts: Texts) -> None:
    stated = Provenance(
        "valid_untrusted",
        issuer="Test Newspaper",
        digital_source_type="trainedAlgorithmicMedia",
        ai_generated=True,
        captured_by_camera=False,
        sources=(ProvenanceSource("c2pa", "digital_source_type", "trainedAlgorithmicMedia"),),
    )
    result = dataclasses.replace(PHOTO, provenance=stated, conflict="signature_invalid")
    report = report_on(result, texts=texts)
    assert json_of(report)["provenance"]["issuer"] == "Test Newspaper"
    assert json_of(report)["conflict"] == "signature_invalid"
    statement = report_statement(report)
    assert statement.provenance is not None
    assert (statement.provenance.issuer, statement.conflict) == ("Test Newspaper", "signature_invalid")
    assert json_of(report)["verdict"] == json_of(report_on(PHOTO, texts=texts))["verdict"]
    text = squeezed(text_of(report_pdf(report)))
    words = texts.provenance
    status = words.statuses["valid_untrusted"].format(issuer="Test Newspaper")
    for sentence in (words.title, words.ai_titles["made"], status, words.conflicts["signature_invalid"]):
        assert squeezed(sentence) in text
    assert squeezed(words.title) not in squeezed(text_of(report_pdf(report_on(PHOTO, texts=texts))))


@ALL_LANGUAGES
def test_both_forms_have_the_same_reliability(texts: Texts) -> None:
    report = report_on(PHOTO, texts=texts, reliability=(KNOWN, None))
    (entry,) = json_of(report)["reliability"]
    assert (entry["number"], entry["count"], entry["share"]) == (1, 40, 0.75)
    assert entry["interval"] == [0.5981, 0.8581]
    text = squeezed(text_of(report_pdf(report)))
    assert squeezed(texts.report.reliability_title) in text
    assert squeezed(report.reliability_lines()[0]) in text
    assert texts.report.reliability_title not in text_of(report_pdf(report_on(PHOTO, texts=texts)))


@ALL_LANGUAGES
def test_both_forms_have_the_verdict_after_the_stability_check(texts: Texts) -> None:
    report = report_on(PHOTO, texts=texts, stabilities=[FLIPPING, None])
    data = json_of(report)
    assert (data["verdict"], data["fake_prob"], data["faces"][0]["verdict"]) == ("fake", 0.8765, "fake")
    assert data["shown_verdict"] == "inconclusive"
    assert data["stability"] == [{"number": 1, **StabilityDocument.from_result(FLIPPING).to_json()}]
    text = text_of(report_pdf(report, GREY))
    summary, (checked,) = report.summary, report.checked()
    for sentence in (summary.title(texts), *summary.sentences(texts), report.stability_conclusion(checked)):
        assert squeezed(sentence) in squeezed(text)
    for prob, verdict in ((0.8, "fake"), (0.05, "real")):
        assert squeezed(f"{number_text(prob, texts)} {texts.verdicts[verdict]}") in squeezed(text)
    scores = f"{number_text(0.8765, texts)} {number_text(1.23456, texts)}"
    assert f"1 {texts.verdicts['inconclusive']} {scores}" in text
    unchecked = json_of(report_on(PHOTO))
    assert (unchecked["shown_verdict"], unchecked["stability"]) == ("fake", None)


@ALL_LANGUAGES
def test_inconclusive_videos_say_when_they_look_manipulated(texts: Texts) -> None:
    frames = tuple(
        dataclasses.replace(FAKE, time=0.5 * number, track=0, verdict="real" if number < 3 else "fake")
        for number in range(6)
    )
    tracks = (dataclasses.replace(TRACK, frames=6, verdict="inconclusive"),)
    video = dataclasses.replace(PHOTO, kind="video", verdict="inconclusive", faces=frames, tracks=tracks)
    text = squeezed(text_of(report_pdf(report_on(video, texts=texts))))
    start, end = number_text(1.5, texts, 2), number_text(2.5, texts, 2)
    assert squeezed(texts.fake_interval.format(start=start, end=end)) in text


def test_the_pdf_has_the_digits_of_the_result_and_of_the_page(
    photo_result: AnalysisResult, photo: RGBImage, detector: Detector
) -> None:
    decision = detector.decision
    text = text_of(report_pdf(report_on(photo_result, decision), photo))
    assert photo_result.verdict is not None
    assert text.index(ENGLISH.outcomes[photo_result.verdict][0]) < text.index(SHA256)
    table = face_table(photo_result, ENGLISH)
    assert len(photo_result.faces) == 2
    for number, face in enumerate(photo_result.faces, start=1):
        x1, y1, x2, y2 = face.box
        assert face.verdict is not None
        scores = f"{face.fake_prob:.4f} {face.fake_logit:.4f} {face.detection_prob:.4f}"
        size = f"{x2 - x1:.0f} × {y2 - y1:.0f}"
        assert f"{number} {ENGLISH.verdicts[face.verdict]} {scores} {size}" in text
        assert f">{face.fake_prob:.4f}</td>" in table
        assert f">{face.fake_logit:.4f}</td>" in table
    assert f"Fake probability {photo_result.fake_prob:.4f} (all faces together)" in text
    version = f"laanet-lite, version {photo_result.model.version}"
    for fact in (
        SHA256,
        photo_result.model.sha256,
        "2026-11-25 02:04:05 UTC",
        "Photo, 1126 × 661 pixels",
        version,
    ):
        assert fact in text
    facts = model_facts(photo_result.model, decision, None, ENGLISH)
    for name in ("real_below", "fake_above", "temperature"):
        label, value = ENGLISH.model_facts[name], getattr(decision, name)
        assert f"{label} {value:.4f}" in text
        assert f"<dt>{label}</dt><dd>{value:.4f}</dd>" in facts


def test_the_json_has_every_value_of_the_result(photo_result: AnalysisResult, detector: Detector) -> None:
    data = json_of(report_on(photo_result, detector.decision))
    assert (data["format"], data["format_version"]) == (FORMAT, FORMAT_VERSION)
    assert data["created"] == "2026-11-25T02:04:05Z"
    assert data["media"] == {"sha256": SHA256, "kind": "image", "size": {"width": 1126, "height": 661}}
    assert data["decision"] == detector.decision.to_dict()
    assert data["model"] == {**dataclasses.asdict(photo_result.model), "notice": None}
    names = FaceDocument.from_result(photo_result.faces[0]).to_json()
    faces = [{name: face[name] for name in names} for face in data["faces"]]
    assert faces == AnalysisDocument.from_result(photo_result).to_json()["faces"]
    assert [face["number"] for face in data["faces"]] == [1, 2]
    assert "tracks" not in data
    assert len(data["limits"]) == 7


def test_a_video_has_its_persons_and_its_frames(video: AnalysedVideo, detector: Detector) -> None:
    report = report_on(video.result, detector.decision)
    pdf = report_pdf(report, moments=video.moments)
    text, data = text_of(pdf), json_of(report, moments=video.moments)
    shown_times = {moment.time for moment in video.moments}
    expected = [
        (number, face.time)
        for number, face in enumerate(video.result.faces, start=1)
        if face.time in shown_times
    ]
    assert [(image["number"], round(image["time"], 3)) for image in data["images"]] == [
        (number, round(time or 0.0, 3)) for number, time in expected
    ]
    for track in video.result.tracks:
        phrase = ENGLISH.verdicts[track.verdict]
        scores = f"{track.fake_prob:.4f} {track.fake_logit:.4f}"
        assert f"{track.track + 1} {phrase} {scores} {track.frames}" in text
    for face in video.result.faces:
        assert face.track is not None
        phrase = ENGLISH.verdicts[face.verdict or "unjudged"]
        assert f"{face.time:.3f} {face.track + 1} {phrase} {face.fake_prob:.4f} {face.fake_logit:.4f}" in text
    assert len(video.moments) == 2
    assert all(f"{moment.time:.2f} s" in text for moment in video.moments)
    assert [track["person"] for track in data["tracks"]] == [1, 2]
    assert [face["person"] for face in data["faces"]] == [
        (face.track or 0) + 1 for face in video.result.faces
    ]
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) in (2, 3)
    assert ENGLISH.suspicious_moments not in text_of(report_pdf(report))
    assert b"secret-name" not in pdf + json.dumps(data).encode()


def test_results_without_a_verdict_give_a_report(detector: Detector) -> None:
    empty = detector.analyse_image(GREY)
    small = dataclasses.replace(without_faces(PHOTO, "face_too_small"), faces=(SMALL,))
    for result, words in ((empty, "No face found"), (small, "1 too small to judge – – 0.9700 20 × 20")):
        assert words in text_of(report_pdf(report_on(result), GREY))
        data = json_of(report_on(result))
        assert (data["outcome"], data["verdict"], data["fake_prob"]) == (result.outcome, None, None)
    text = text_of(report_pdf(report_on(REJECTED)))
    assert f"This file cannot be analysed {ENGLISH.errors['corrupt_image']} Code: corrupt_image" in text
    assert json_of(report_on(REJECTED))["media"]["size"] is None
    no_face = without_faces(PHOTO, kind="video")
    assert json_of(report_on(no_face))["tracks"] == []
    assert "No face found" in text_of(report_pdf(report_on(no_face)))


def test_equal_inputs_give_equal_bytes(photo_result: AnalysisResult, photo: RGBImage) -> None:
    pdf = report_pdf(report_on(photo_result), photo)
    assert pdf == report_pdf(report_on(photo_result), photo)
    assert pdf != report_pdf(dataclasses.replace(report_on(photo_result), media_sha256="f" * 64), photo)
    facts = pypdf.PdfReader(io.BytesIO(pdf)).metadata
    assert facts is not None
    assert facts.title == "LAA-Net Lens: Report on a photo"
    assert not facts.author
    assert facts.creation_date == CREATED.astimezone(UTC).replace(microsecond=0)


def test_a_photo_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="100 x 40 pixels"):
        report_pdf(report_on(PHOTO), GREY[::2])
