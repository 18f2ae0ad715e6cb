"""Tests of POST /api/v1/analyse, over the running application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.conftest import Server
from tests.core.clips import cut_clip, write_clip, write_pages
from tests.webapp.ui.rest.conftest import error_of, wait_until_no_uploads
from tests.webapp.ui.test_gradio_api import predicted


def test_files_are_analysed_as_by_predict(
    http: httpx.Client,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    samples: Path,
    tmp_path: Path,
    analysed: dict[str, Any],
) -> None:
    keys = ("kind", "outcome", "verdict", "fake_prob", "faces", "model", "error")
    expected = predicted(capsys, samples / "two_people.jpg")
    assert [analysed[key] for key in keys] == [expected[key] for key in keys]
    with Image.open(samples / "astronaut.png") as image:
        frames = [np.asarray(image.convert("RGB").resize((256, 256)).rotate(number)) for number in range(8)]
    clip = write_clip(tmp_path / "clip.mp4", frames)
    answer = http.post("/analyse", content=clip.read_bytes())
    expected = predicted(capsys, clip)
    assert answer.status_code == 200
    assert [answer.json()[key] for key in (*keys, "tracks")] == [expected[key] for key in (*keys, "tracks")]
    assert len(answer.json()["timeline"]) == len(expected["faces"])
    for receipt in (analysed["receipt"], answer.json()["receipt"]):
        assert http.get(f"/results/{receipt}").status_code == 200
    wait_until_no_uploads(server.cache)


def test_cautions_are_answered_and_stored(http: httpx.Client, samples: Path, tmp_path: Path) -> None:
    with Image.open(samples / "astronaut.png") as image:
        frames = [
            np.asarray(image.convert("RGB").resize((256, 256)).rotate(2 * number)) for number in range(20)
        ]
    whole = write_clip(tmp_path / "clip.mp4", frames, movflags="faststart")
    files = [
        (cut_clip(whole, 0.4), ["cut_short"]),
        (whole, []),
        (write_pages(tmp_path / "a.tif", frames[:2]), ["first_picture_only"]),
    ]
    for file, cautions in files:
        answer = http.post("/analyse", content=file.read_bytes()).json()
        stored = http.get(f"/results/{answer['receipt']}").json()
        assert (answer["outcome"], answer["cautions"], stored["cautions"]) == ("verdict", cautions, cautions)


def test_rejected_files_are_results_with_status_422(http: httpx.Client, samples: Path) -> None:
    cut = (samples / "two_people.jpg").read_bytes()[:50_000]
    for content, code in ((b"", "empty_file"), (b"no picture", "unsupported_type"), (cut, "corrupt_image")):
        for answer in (
            http.post("/analyse", content=content),
            http.post("/analyse", files={"file": ("../../x.svg", content)}),
        ):
            assert answer.status_code == 422
            rejected = answer.json()
            assert (rejected["outcome"], rejected["error"]["code"]) == ("rejected", code)
            stored = http.get(f"/results/{rejected['receipt']}").json()
            assert stored["error"] == rejected["error"]


def test_unreadable_requests_are_refused(http: httpx.Client, server: Server) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    assert error_of(http.post("/analyse", files={"other": ("x", b"x")})) == (400, "missing_file")
    assert error_of(http.post("/analyse", data={"file": "x"}, files={"other": ("x", b"x")})) == (
        400,
        "missing_file",
    )
    assert error_of(http.post("/analyse", files=[("file", ("a", b"x")), ("file", ("b", b"x"))])) == (
        400,
        "invalid_form",
    )
    assert error_of(http.post("/analyse", content=b"--c\r\n", headers=form)) == (400, "invalid_form")
    assert error_of(http.post("/analyse", content=b"x", headers={"Content-Type": "multipart/form-data"})) == (
        400,
        "invalid_form",
    )
    assert error_of(http.get("/analyse")) == (405, "method_not_allowed")
    assert error_of(http.get("/nothing")) == (404, "not_found")
    assert error_of(http.post("/analyse/")) == (404, "not_found")
    wait_until_no_uploads(server.cache)


def test_answers_are_not_cached(http: httpx.Client, analysed: dict[str, Any]) -> None:
    answer = http.get(f"/results/{analysed['receipt']}")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
