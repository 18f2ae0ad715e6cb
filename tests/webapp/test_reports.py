"""Reports against the real detector: what is printed is what was answered, whatever the words are."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import math
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pypdf
import pypdfium2
import pytest

from laanet_core.decision import DecisionConfig
from laanet_core.inference.detector import Detector
from laanet_core.inference.key_frames import Moment, moments, worst_times
from laanet_core.inference.stability import Stability, Variant
from laanet_core.media.images import read_image
from laanet_core.results import (
    CAUTIONS,
    AnalysisResult,
    ErrorInfo,
    FaceResult,
    Heatmap,
    ModelInfo,
    TrackResult,
)
from tests.core.clips import write_clip
from webapp.services.label_quality.score_reliability import ScoreReliability
from webapp.services.reports import text as lettering
from webapp.services.reports.chart import _step
from webapp.services.reports.service import (
    CHINESE,
    ENGLISH,
    FORMAT,
    FORMAT_VERSION,
    Report,
    report_json,
    report_pdf,
)
from webapp.services.reports.text import BODY, paragraph, register_fonts
from webapp.texts import LANGUAGES
from webapp.ui.render import faces as page_faces
from webapp.ui.render import facts as page_facts
from webapp.ui.render.headline import headline as page_headline
from webapp.ui.render.reliability import stability_strip

MADE = datetime(2026, 11, 25, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=1)))
SHA = hashlib.sha256(b"the file").hexdigest()
MODEL = ModelInfo("laanet-lite", "1", "0" * 64)
HEAT = Heatmap(np.full((8, 8), 0.4, np.float32), (0, 0, 60, 60))
FAKE = FaceResult((5, 5, 50, 55), 0.99, 1.23456, 0.87654, "fake", heatmap=HEAT)
SMALL = FaceResult((60, 5, 80, 25), 0.97, None, None, None)
PICTURE = AnalysisResult("image", "verdict", "fake", 0.87654, (FAKE, SMALL), MODEL, 0.2, size=(100, 80))
REJECTED = AnalysisResult(
    "image", "rejected", None, None, (), MODEL, 0.1, ErrorInfo("corrupt_image", "The picture is damaged.")
)
GREY: npt.NDArray[np.uint8] = np.full((80, 100, 3), 120, np.uint8)


def report_of(result: AnalysisResult, decision: DecisionConfig | None = None, **changes: Any) -> Report:
    return Report(result, decision or DecisionConfig(), SHA, MADE, **changes)


def test_both_forms_say_in_every_language_that_only_a_part_was_judged() -> None:
    for words in (ENGLISH, CHINESE):
        for caution in CAUTIONS:
            report = report_of(dataclasses.replace(PICTURE, cautions=(caution,)), words=words)
            assert report_json(report)["cautions"] == [caution]
            text = words_of(report_pdf(report)).replace(" ", "")
            assert [words[f"caution.{code}"].replace(" ", "") in text for code in CAUTIONS] == [
                code == caution for code in CAUTIONS
            ]
    assert report_json(report_of(PICTURE))["cautions"] == []


def test_measured_reliability_is_the_same_in_both_forms_and_in_every_language() -> None:
    known = ScoreReliability(40, 30, 0.5981, 0.8581, 0.82, 0.92)
    for words in (ENGLISH, CHINESE):
        report = report_of(PICTURE, words=words, reliability=(known, None))
        (entry,) = report_json(report)["reliability"]
        assert (entry["number"], entry["count"], entry["share"], entry["interval"]) == (
            1,
            40,
            0.75,
            [0.5981, 0.8581],
        )
        line = words["reliability"].format(count=40, share="75%", low="60%", high="86%")
        text = words_of(report_pdf(report)).replace(" ", "")
        assert words["reliability.title"].replace(" ", "") in text
        assert line.replace(" ", "") in text
    assert report_json(report_of(PICTURE))["reliability"] == []
    assert ENGLISH["reliability.title"] not in words_of(report_pdf(report_of(PICTURE)))
    with pytest.raises(ValueError, match="3 reliabilities for 2"):
        report_of(PICTURE, reliability=(None,) * 3)


FALLEN = Stability(
    (
        Variant("jpeg_90", 1.0, 0.8, "fake", "fake"),
        Variant("half_size", None, None, None, "fake"),
        Variant("mirrored", -3, 0.05, "real", "fake"),
    ),
    False,
    "inconclusive",
)


def test_a_verdict_that_does_not_hold_is_none_in_both_forms() -> None:
    for words, page in ((ENGLISH, LANGUAGES["en"]), (CHINESE, LANGUAGES["zh"])):
        report = report_of(PICTURE, words=words, stabilities=[FALLEN, None])
        data = json.loads(json.dumps(report_json(report)))
        assert (data["verdict"], data["fake_prob"], data["faces"][0]["verdict"]) == (
            "fake",
            0.8765,
            "fake",
        )  # as the model answered
        assert data["shown_verdict"] == "inconclusive"
        assert data["stability"] == [{"number": 1, **FALLEN.to_json()}]
        text = words_of(report_pdf(report, GREY))
        squeezed = text.replace(" ", "")
        for sentence in (
            report.outcome(),
            report.explanation(),
            *report.additions(),
            report.came_to(FAKE, FALLEN),
        ):
            assert sentence.replace(" ", "") in squeezed
            assert sentence in page_headline(report.shown, page, unstable=True) + stability_strip(
                PICTURE, [FALLEN, None], page
            )
        assert all(
            f"{prob} {words[f'verdict.{verdict}']}" in text
            for prob, verdict in (("0.8000", "fake"), ("0.0500", "real"))
        )
        assert f"1 {words['verdict.inconclusive']} 0.8765 1.2346" in text  # the table of faces
    untried = report_json(report_of(PICTURE))
    assert (untried["shown_verdict"], untried["stability"]) == ("fake", None)
    with pytest.raises(ValueError, match="1 stabilities for 2"):
        report_of(PICTURE, stabilities=[FALLEN])


def test_a_clip_that_cannot_be_told_says_when_it_looks_manipulated_in_the_pdf_too() -> None:
    frames = tuple(
        dataclasses.replace(FAKE, time=0.5 * n, track=0, verdict="real" if n < 3 else "fake", heatmap=HEAT)
        for n in range(6)
    )
    tracks = (TrackResult(0, 6, 0.4, 0.6, "inconclusive"),)
    clip = dataclasses.replace(
        PICTURE, kind="video", verdict="inconclusive", fake_prob=0.6, faces=frames, tracks=tracks
    )
    for words in (ENGLISH, CHINESE):
        text = words_of(report_pdf(report_of(clip, words=words))).replace(" ", "")
        assert words["stretch"].format(start="1.50", end="2.50").replace(" ", "") in text


def words_of(pdf: bytes) -> str:
    """The text of all pages, with every run of white space as one space."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def pages_of(pdf: bytes) -> list[npt.NDArray[np.uint8]]:
    return [np.asarray(page.render(scale=1).to_pil().convert("RGB")) for page in pypdfium2.PdfDocument(pdf)]


@dataclasses.dataclass(frozen=True)
class Clip:
    result: AnalysisResult
    worst: list[Moment]


@pytest.fixture(scope="module")
def photo(samples: Path) -> npt.NDArray[np.uint8]:
    return read_image(samples / "two_people.jpg")


@pytest.fixture(scope="module")
def judged(detector: Detector, photo: npt.NDArray[np.uint8]) -> AnalysisResult:
    return detector.analyse_image(photo)


@pytest.fixture(scope="module")
def clip(detector: Detector, photo: npt.NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Clip:
    rows, columns = photo.shape[0] // 2 * 2, photo.shape[1] // 2 * 2
    path = write_clip(
        tmp_path_factory.mktemp("clip") / "secret-name.mp4",
        [np.roll(photo[:rows, :columns], 4 * n, 1) for n in range(6)],
    )
    result = detector.analyse_video(path, 6)
    return Clip(result, list(moments(path, result, worst_times(result, 2), 6)))


def test_the_pdf_has_the_digits_of_the_result_and_of_the_page(
    judged: AnalysisResult, photo: npt.NDArray[np.uint8], detector: Detector
) -> None:
    text = words_of(report_pdf(report_of(judged, detector.decision), photo))
    assert judged.verdict is not None
    assert text.index(LANGUAGES["en"].outcomes[judged.verdict][0]) < text.index(SHA)
    assert len(judged.faces) == 2
    for number, face in enumerate(judged.faces, start=1):
        x1, y1, x2, y2 = face.box
        assert face.verdict is not None
        words = LANGUAGES["en"].verdicts[face.verdict]
        row = f"{number} {words} {face.fake_prob:.4f} {face.fake_logit:.4f} {face.detection_prob:.4f} {x2 - x1:.0f} × {y2 - y1:.0f}"
        assert row in text
        table = page_faces.table(judged, LANGUAGES["en"])
        assert f">{face.fake_prob:.4f}</td>" in table
        assert f">{face.fake_logit:.4f}</td>" in table
    assert f"Fake probability {judged.fake_prob:.4f} (highest of all faces)" in text
    for fact in (
        SHA,
        judged.model.sha256,
        "2026-11-25 02:04:05 UTC",
        "Photo, 1126 × 661 pixels",
        f"laanet-lite, version {judged.model.version}",
    ):
        assert fact in text
    facts = page_facts.model_facts(judged.model, detector.decision, None, LANGUAGES["en"])
    decision = detector.decision
    for name, value in (
        ("No sign below", decision.real_below),
        ("Looks manipulated above", decision.fake_above),
        ("Temperature (calibrates scores)", decision.temperature),
    ):
        assert f"{name} {value:.4f}" in text
        assert f"<dt>{name}</dt><dd>{value:.4f}</dd>" in facts


def test_the_json_round_trips_and_has_the_same_digits(judged: AnalysisResult, detector: Detector) -> None:
    data = json.loads(json.dumps(report_json(report_of(judged, detector.decision)), allow_nan=False))
    assert (data["format"], data["format_version"], data["created"]) == (
        FORMAT,
        FORMAT_VERSION,
        "2026-11-25T02:04:05Z",
    )
    assert data["media"] == {"sha256": SHA, "kind": "image", "size": {"width": 1126, "height": 661}}
    assert data["decision"] == detector.decision.to_dict()
    assert data["model"] == {**judged.model.to_json(), "notice": None}
    assert [
        {key: face[key] for key in judged.faces[0].to_json()} for face in data["faces"]
    ] == judged.to_json()["faces"]
    assert [face["number"] for face in data["faces"]] == [1, 2]
    assert "tracks" not in data
    assert len(data["limits"]) == 6
    assert data == report_json(report_of(judged, detector.decision))


def test_the_json_has_the_faces_and_their_heatmaps() -> None:
    (entry,) = report_json(report_of(PICTURE), GREY)["images"]
    crop = cv2.imdecode(np.frombuffer(base64.b64decode(entry["crop"]["jpeg"]), np.uint8), cv2.IMREAD_COLOR)
    heat = cv2.imdecode(
        np.frombuffer(base64.b64decode(entry["heatmap"]["png"]), np.uint8), cv2.IMREAD_UNCHANGED
    )
    assert (entry["number"], crop.shape, heat.shape, entry["heatmap"]["box"]) == (
        1,
        (224, 224, 3),
        (8, 8),
        [0, 0, 60, 60],
    )
    assert (heat == 102).all()  # 0.4 of 255
    x1, y1, x2, y2 = entry["crop"]["box"]
    assert x1 < FAKE.box[0] < FAKE.box[2] < x2
    assert y1 < FAKE.box[1] < FAKE.box[3] < y2
    assert report_json(report_of(PICTURE))["images"] == []


def test_a_clip_has_its_persons_its_chart_and_its_worst_frames(clip: Clip, detector: Detector) -> None:
    report = report_of(clip.result, detector.decision)
    pdf = report_pdf(report, moments=clip.worst)
    text = words_of(pdf)
    data = report_json(report, moments=clip.worst)
    assert [(image["number"], image["time"]) for image in data["images"]] == [
        (number, face.time)
        for number, face in enumerate(clip.result.faces, start=1)
        if face.time in {worst.time for worst in clip.worst}
    ]
    for track in clip.result.tracks:
        assert (
            f"{track.track + 1} {ENGLISH[f'verdict.{track.verdict}']} {track.fake_prob:.4f} {track.fake_logit:.4f} {track.frames}"
            in text
        )
    for face in clip.result.faces:
        assert face.track is not None
        verdict = ENGLISH[f"verdict.{face.verdict}"]
        assert (
            f"{face.time:.3f} {face.track + 1} {verdict} {face.fake_prob:.4f} {face.fake_logit:.4f}" in text
        )
    assert len(clip.worst) == 2
    assert all(f"{moment.time:.2f} s" in text for moment in clip.worst)
    assert "Seconds" in text
    assert [track["person"] for track in data["tracks"]] == [1, 2]
    assert [face["person"] for face in data["faces"]] == [(face.track or 0) + 1 for face in clip.result.faces]
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) in (2, 3)
    assert "Most suspicious moments" not in words_of(report_pdf(report))
    assert b"secret-name" not in pdf + json.dumps(data).encode()


def test_results_without_a_verdict_give_a_report_too(detector: Detector) -> None:
    empty = detector.analyse_image(GREY)
    small = dataclasses.replace(
        PICTURE, outcome="face_too_small", verdict=None, fake_prob=None, faces=(SMALL,)
    )
    for result, words in ((empty, "No face found"), (small, "1 too small to judge – – 0.9700 20 × 20")):
        assert words in words_of(report_pdf(report_of(result), GREY))
        data = report_json(report_of(result))
        assert (data["outcome"], data["verdict"], data["fake_prob"]) == (result.outcome, None, None)
    text = words_of(report_pdf(report_of(REJECTED)))
    assert f"This file cannot be analysed {ENGLISH['error.corrupt_image']} Code: corrupt_image" in text
    assert report_json(report_of(REJECTED))["media"]["size"] is None
    cut = dataclasses.replace(
        PICTURE, kind="video", outcome="no_face", verdict=None, fake_prob=None, faces=()
    )
    assert report_json(report_of(cut))["tracks"] == []
    assert "No face found" in words_of(report_pdf(report_of(cut)))


def test_equal_inputs_give_equal_bytes_and_no_clock_or_name_is_asked(
    judged: AnalysisResult, photo: npt.NDArray[np.uint8]
) -> None:
    pdf = report_pdf(report_of(judged), photo)
    assert pdf == report_pdf(report_of(judged), photo)
    assert pdf != report_pdf(dataclasses.replace(report_of(judged), media_sha256="f" * 64), photo)
    facts = pypdf.PdfReader(io.BytesIO(pdf)).metadata
    assert facts is not None
    assert facts.title == "LAA-Net Lens: Report on a photo"
    assert not facts.author
    assert facts.creation_date == MADE.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    "words",
    [
        "</para><para><b>bold</b>",
        "<img src='https://example.org/x.png'/>",
        "<font color='[[].__class__]'>x</font>",
        "&lt;script&gt; &amp; &#0; &nbsp;",
        "{0.__class__} {number} %s %(x)d",
        "汉字和漢字 Ωмега ﬁ naïve",
    ],
)
def test_foreign_words_are_text(words: str) -> None:
    result = dataclasses.replace(
        REJECTED, model=ModelInfo(words, words, words), error=ErrorInfo(words, words)
    )
    report = dataclasses.replace(report_of(result, notice=words), media_sha256=words)
    text = words_of(report_pdf(report))
    plain = " ".join(words.split())
    assert text.count(plain) >= 6
    assert json.loads(json.dumps(report_json(report)))["error"] == {"code": words, "message": words}


def test_what_would_not_be_seen_is_spelt_out_and_length_has_an_end() -> None:
    result = dataclasses.replace(REJECTED, error=ErrorInfo("a\x00b\u202ec\ud800d\u200b", "ß" * 100_000))
    text = words_of(report_pdf(report_of(result)))
    assert "Code: a[U+0000]b[U+202E]c[U+D800]d[U+200B]" in text
    assert text.count("ß") == 600
    result = dataclasses.replace(
        REJECTED, model=ModelInfo(*3 * ["\x07" * 9999]), error=ErrorInfo("\x07" * 9999, "\x07" * 9999)
    )
    assert "[U+0007]…" in words_of(report_pdf(report_of(result, notice="\x07" * 9999))).replace(" ", "")


def test_all_words_can_be_another_language(clip: Clip) -> None:
    chinese = {key: "字" + "".join(part for part in _fields(text)) for key, text in ENGLISH.items()}
    pdf = report_pdf(report_of(clip.result, words=chinese), moments=clip.worst)
    text = words_of(pdf)
    assert "字" in text
    left = [
        word
        for word in ("Person", "Fake", "probability", "sign", "Page", "Seconds", "network", "pixels")
        if word in text
    ]
    assert left == []
    with pytest.raises(ValueError, match=r"lack page$"):
        report_of(clip.result, words={key: text for key, text in chinese.items() if key != "page"})
    rejected = report_of(REJECTED, words={**chinese, "error.corrupt_image": "文件已损坏"})
    assert "文件已损坏" in words_of(report_pdf(rejected))


def _fields(text: str) -> list[str]:
    """The places of a sentence that are filled in: "{number}"."""
    return [f"{{{part.split('}')[0]}}}" for part in text.split("{")[1:]]


def test_every_letter_is_in_the_file() -> None:
    """A reader without Chinese fonts shows it all the same."""
    if not any(file.exists() for file in lettering._CHINESE_FILES):
        assert not os.environ.get("CI"), "no Chinese font on this machine, and CI must not do without"
        pytest.skip("needs a Chinese font (Debian: apt install fonts-droid-fallback)")
    pages = pypdf.PdfReader(io.BytesIO(report_pdf(report_of(PICTURE, words=CHINESE), GREY))).pages
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]  # type: ignore[index, union-attr]
    used = [
        font for font in fonts if font["/BaseFont"] != "/Helvetica"
    ]  # which reportlab names on every page, and nothing is set in
    assert len(used) >= 3
    assert all("/FontFile2" in font["/FontDescriptor"] for font in used)


def test_chinese_has_its_own_marks_and_none_of_them_begins_a_line() -> None:
    text = words_of(report_pdf(report_of(PICTURE, words=CHINESE), GREY))
    assert f"{CHINESE['kind.image']}，100 × 80" in text
    assert f"第 1 张脸：{CHINESE['verdict.fake']}，0.8765" in text
    register_fonts()
    for count in range(20, 60):  # somewhere the mark comes just after a full line
        for first in ("", "sha256 "):  # of one font, and of two
            said = paragraph(f"{first}{'字' * count}；{'字' * 30}", BODY)
            said.wrap(400, 800)
            lines = [
                line[1][0] if isinstance(line, tuple) else "".join(word.text for word in line.words)
                for line in said.blPara.lines
            ]
            assert len(lines) > 1
            assert not any(line.startswith("；") for line in lines)


@pytest.mark.parametrize(("code", "mine"), [("en", ENGLISH), ("zh", CHINESE)])
def test_the_words_are_those_of_the_page(code: str, mine: Mapping[str, str]) -> None:
    page = LANGUAGES[code]
    for state, (title, explanation) in page.outcomes.items():
        assert (mine[f"outcome.{state}"], mine.get(f"why.{state}", "")) == (title, explanation)
    trial = (
        page.stability,
        page.stability_help,
        page.stability_help_clip,
        page.stability_too_small,
        page.stability_one_frame,
    )
    assert (
        tuple(mine[f"stability{key}"] for key in ("", ".help", ".help_clip", ".too_small", ".one_frame"))
        == trial
    )
    assert {name: mine[f"finding.{name}"] for name in page.stability_findings} == dict(
        page.stability_findings
    )
    assert {name: mine[f"change.{name}"] for name in page.stability_names} == dict(page.stability_names)
    assert (mine["outcome.untold_of"], mine["others"], mine["stretch"], mine["stretch.frame"]) == (
        page.untold_of,
        page.others,
        page.stretch,
        page.stretch_frame,
    )
    assert {
        verdict: mine[f"verdict.{verdict if verdict != 'unjudged' else 'none'}"] for verdict in page.verdicts
    } == dict(page.verdicts)
    assert (mine["heat.legend"], mine["timeline"], mine["moments"]) == (
        page.heat_legend,
        page.timeline,
        page.worst,
    )
    assert {error: mine[f"error.{error}"] for error in page.errors} == dict(page.errors)
    assert mine.keys() == ENGLISH.keys()
    for result in (PICTURE, dataclasses.replace(PICTURE, faces=(FAKE,)), REJECTED):
        headline = page_headline(result, page)
        report = report_of(result, words=mine)
        assert report.outcome() in headline
        assert report.explanation() in headline


def test_every_page_shows_something_and_is_numbered(
    clip: Clip, photo: npt.NDArray[np.uint8], judged: AnalysisResult
) -> None:
    faces = tuple(dataclasses.replace(judged.faces[n % 2], fake_prob=(n + 0.5) / 60) for n in range(60))
    for pdf in (
        report_pdf(report_of(dataclasses.replace(judged, faces=faces)), photo),
        report_pdf(report_of(clip.result), moments=clip.worst),
        report_pdf(report_of(REJECTED)),
    ):
        pages = pages_of(pdf)
        for number, (page, pixels) in enumerate(
            zip(pypdf.PdfReader(io.BytesIO(pdf)).pages, pages, strict=True), start=1
        ):
            assert f"Page {number} of {len(pages)}" in page.extract_text()
            assert [round(side) for side in page.mediabox[2:]] == [595, 842]
            assert (pixels < 128).any(axis=2).sum() > 500  # ink
            margin = np.concatenate(
                [pixels[:, :45].ravel(), pixels[:, -45:].ravel(), pixels[:40].ravel(), pixels[-25:].ravel()]
            )
            assert margin.min() > 250, f"page {number} has ink in its margin"


def test_the_picture_is_shown_with_its_boxes() -> None:
    page = pages_of(report_pdf(report_of(PICTURE), GREY))[0].reshape(-1, 3).astype(int)
    red = np.abs(page - [185, 52, 0]).max(axis=1) < 30
    assert red.sum() > 300  # the box and the bar beside the outcome
    magenta = (page[:, 0] > 180) & (page[:, 1] < 110) & (page[:, 2] > 140)
    assert magenta.sum() > 200


@pytest.mark.parametrize("shape", [(20, 4000, 3), (4000, 20, 3), (3000, 2000, 3), (16, 16, 3)])
def test_pictures_of_any_shape_fit(shape: tuple[int, int, int]) -> None:
    result = dataclasses.replace(PICTURE, size=(shape[1], shape[0]))
    assert len(report_pdf(report_of(result), np.zeros(shape, np.uint8))) < 2_000_000


def test_what_cannot_be_a_report_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Report(PICTURE, DecisionConfig(), SHA, MADE.replace(tzinfo=None))
    with pytest.raises(ValueError, match="50 x 40 pixels"):
        report_pdf(report_of(PICTURE), GREY[::2, ::2])


@pytest.mark.parametrize("last", [0.04, 0.5, 1, 7.3, 10, 59, 600])
def test_the_chart_has_a_few_round_ticks(last: float) -> None:
    step = _step(last)
    assert 3 <= last / step <= 10
    assert f"{step / 10 ** math.floor(math.log10(step)):.6g}" in ("1", "2", "5", "10")
