"""Plain HTTP below /api/v1, asked of the running application."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

from laanet_core.results import AnalysisResult, ModelInfo
from tests.conftest import Server
from tests.core.clips import cut_clip, write_animation, write_clip
from tests.webapp.naughty import NOTES
from tests.webapp.test_feedback import mask, png
from tests.webapp.test_http import predicted
from webapp.domain.limits import MAX_NOTE, MAX_REGION_BYTES
from webapp.security.tokens import new_key
from webapp.services.results.documents import StoredResult
from webapp.ui.rest import schemas

API = "/api/v1"


def check_stored_result(document: dict[str, Any]) -> None:
    """Raise ValidationError if a JSON object is no document of a stored result."""
    analysis = AnalysisResult("image", "no_face", None, None, (), ModelInfo("", "", ""), 0.0)
    StoredResult.model_validate({**document, "analysis": analysis})


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url + API, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def analysed(http: httpx.Client, samples: Path) -> dict[str, Any]:
    answer = http.post(
        "/analyse", files={"file": ("two_people.jpg", (samples / "two_people.jpg").read_bytes())}
    )
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return dict(answer.json())


def vote(**changes: object) -> dict[str, object]:
    return {"face": 1, "vote": "disagree", "idempotency_key": new_key(), **changes}


def code(answer: httpx.Response) -> tuple[int, str]:
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"}
    return answer.status_code, answer.json()["error"]["code"]


def wait_for_no_uploads(cache: Path) -> None:
    deadline = time.monotonic() + 30
    while list((cache / "api").iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_files_are_judged_as_predict_judges_them(
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
    for given in (analysed, answer.json()):
        schemas.AnalyseAnswer.model_validate(given, strict=False)
        check_stored_result(http.get(f"/results/{given['receipt']}").json())
    wait_for_no_uploads(server.cache)


def test_that_only_a_part_was_judged_is_said_at_once_and_later(
    http: httpx.Client, samples: Path, tmp_path: Path
) -> None:
    with Image.open(samples / "astronaut.png") as image:
        frames = [
            np.asarray(image.convert("RGB").resize((256, 256)).rotate(2 * number)) for number in range(20)
        ]
    whole = write_clip(tmp_path / "clip.mp4", frames, movflags="faststart")
    files = [
        (cut_clip(whole, 0.4), ["cut_short"]),
        (whole, []),
        (write_animation(tmp_path / "a.png", frames[:2]), ["first_picture_only"]),
    ]
    for file, cautions in files:
        answer = http.post("/analyse", content=file.read_bytes()).json()
        schemas.AnalyseAnswer.model_validate(answer, strict=False)
        stored = http.get(f"/results/{answer['receipt']}").json()
        assert (answer["outcome"], answer["cautions"], stored["cautions"]) == ("verdict", cautions, cautions)


def test_rejected_files_are_answered_alike_with_422(http: httpx.Client, samples: Path) -> None:
    cut = (samples / "two_people.jpg").read_bytes()[:50_000]
    for content, why in ((b"", "empty_file"), (b"no picture", "unsupported_type"), (cut, "corrupt_image")):
        for answer in (
            http.post("/analyse", content=content),
            http.post("/analyse", files={"file": ("../../x.svg", content)}),
        ):
            assert answer.status_code == 422
            rejected = answer.json()
            assert (rejected["outcome"], rejected["error"]["code"]) == ("rejected", why)
            schemas.AnalyseAnswer.model_validate(rejected)
            stored = http.get(f"/results/{rejected['receipt']}").json()
            assert stored["error"] == rejected["error"]


def test_requests_that_cannot_be_read_are_refused(http: httpx.Client, server: Server) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    assert code(http.post("/analyse", files={"other": ("x", b"x")})) == (400, "missing_file")
    assert code(http.post("/analyse", data={"file": "x"}, files={"other": ("x", b"x")})) == (
        400,
        "missing_file",
    )
    assert code(http.post("/analyse", files=[("file", ("a", b"x")), ("file", ("b", b"x"))])) == (
        400,
        "invalid_form",
    )
    assert code(http.post("/analyse", content=b"--c\r\n", headers=form)) == (400, "invalid_form")
    assert code(http.post("/analyse", content=b"x", headers={"Content-Type": "multipart/form-data"})) == (
        400,
        "invalid_form",
    )
    assert code(http.get("/analyse")) == (405, "method_not_allowed")
    assert code(http.get("/nothing")) == (404, "not_found")
    assert code(http.post("/analyse/")) == (404, "not_found")
    wait_for_no_uploads(server.cache)


def test_large_files_are_refused_announced_or_not(http: httpx.Client, server: Server) -> None:
    assert code(http.post("/analyse", content=b"x" * 22_000_000)) == (413, "too_large")
    host, port = server.url.removeprefix("http://").split(":")
    for kind in ("application/octet-stream", "multipart/form-data; boundary=b"):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(
                f"POST {API}/analyse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: {kind}\r\n\r\n".encode()
            )
            start = (
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
                if "multipart" in kind
                else b"y"
            )
            connection.sendall(b"%x\r\n%s\r\n" % (len(start), start))
            chunk = b"10000\r\n" + b"y" * 0x10000 + b"\r\n"
            try:
                for _ in range(400):
                    connection.sendall(chunk)
                answer = connection.recv(100)
            except (BrokenPipeError, ConnectionResetError):
                answer = b""
        assert not answer or answer.startswith(b"HTTP/1.1 413")
    wait_for_no_uploads(server.cache)
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_feedback_of_all_parts_comes_back(http: httpx.Client, samples: Path) -> None:
    receipt = http.post("/analyse", content=(samples / "two_people.jpg").read_bytes()).json()["receipt"]
    sent = vote(
        tags=["eyes", "boundary"], note=" I was there.\n", region=base64.b64encode(png(mask())).decode()
    )
    for repeated in (False, True):
        answer = http.post(f"/results/{receipt}/feedback", json=sent)
        assert (answer.status_code, answer.json()) == (
            200,
            {"stored": True, "repeated": repeated, "error": None},
        )
        schemas.Stored.model_validate(answer.json())
    result = http.get(f"/results/{receipt}")
    assert result.headers["cache-control"] == "no-store"
    (kept,) = result.json()["feedback"]
    assert (kept["face"], kept["vote"], kept["tags"], kept["note"]) == (
        1,
        "disagree",
        ["boundary", "eyes"],
        " I was there.\n",
    )
    assert base64.b64decode(kept["region"]).startswith(b"\x89PNG")
    check_stored_result(result.json())
    assert code(http.post(f"/results/{receipt}/feedback", json={**sent, "vote": "agree"})) == (
        409,
        "key_reused",
    )


@pytest.mark.parametrize(
    ("changes", "status", "why"),
    [
        ({"vote": "yes"}, 422, "invalid_vote"),
        ({"vote": None}, 422, "invalid_vote"),
        ({"face": 3}, 422, "unknown_face"),
        ({"face": 10**30}, 422, "unknown_face"),
        ({"face": "one"}, 422, "unknown_face"),
        ({"note": "\ud800"}, 422, "invalid_note"),
        ({"note": "a\x00"}, 422, "invalid_note"),
        ({"note": "x" * (MAX_NOTE + 1)}, 422, "note_too_long"),
        ({"note": "x" * 300_000}, 413, "too_large"),
        ({"tags": ["ears"]}, 422, "invalid_tag"),
        ({"tags": "eyes"}, 422, "invalid_tag"),
        ({"region": "not base64"}, 422, "invalid_region"),
        ({"region": base64.b64encode(b"x" * (MAX_REGION_BYTES + 1)).decode()}, 422, "invalid_region"),
        ({"idempotency_key": "short"}, 422, "invalid_key"),
        ({"more": 1}, 422, "invalid_request"),
    ],
)
def test_feedback_that_cannot_be_is_refused(
    http: httpx.Client, analysed: dict[str, Any], changes: dict[str, object], status: int, why: str
) -> None:
    content = json.dumps(vote(**changes)).encode()
    assert code(http.post(f"/results/{analysed['receipt']}/feedback", content=content)) == (status, why)


def test_bodies_that_are_no_feedback_are_refused(http: httpx.Client, analysed: dict[str, Any]) -> None:
    place = f"/results/{analysed['receipt']}/feedback"
    for content in (b"", b"{", b"\xff", b"[" * 100_000):
        assert code(http.post(place, content=content)) == (400, "invalid_json")
    for content in (b"[]", b"null", b"1"):
        assert code(http.post(place, content=content)) == (422, "invalid_request")


def test_wrong_receipts_of_any_shape_are_answered_alike(http: httpx.Client) -> None:
    answers = set()
    for wrong in ("guess", "a%2Fb", "%00", "%FF", "..%2f..", "x" * 5000, "' OR 1=1", "é", "%2e%2e"):
        for answer in (
            http.get(f"/results/{wrong}"),
            http.delete(f"/results/{wrong}"),
            http.post(f"/results/{wrong}/feedback", json=vote()),
        ):
            assert answer.status_code == 404, answer.url
            answers.add(answer.content)
    assert len(answers) == 1
    assert code(http.get("/results/guess")) == (404, "unknown_receipt")


def test_what_is_deleted_is_gone(http: httpx.Client, server: Server, samples: Path) -> None:
    receipt = http.post("/analyse", content=(samples / "astronaut.png").read_bytes()).json()["receipt"]
    http.post(f"/results/{receipt}/feedback", json=vote(note="a note that is deleted over HTTP"))
    answer = http.delete(f"/results/{receipt}")
    assert (answer.status_code, answer.json()) == (200, {"deleted": True, "error": None})
    assert code(http.delete(f"/results/{receipt}")) == (404, "unknown_receipt")
    assert code(http.get(f"/results/{receipt}")) == (404, "unknown_receipt")
    assert b"a note that is deleted over HTTP" not in server.database.read_bytes()
    assert receipt not in server.log.read_text()


def test_gradio_names_serve_receipts_too(http: httpx.Client, server: Server, samples: Path) -> None:
    receipt = http.post("/analyse", content=(samples / "two_people.jpg").read_bytes()).json()["receipt"]
    client = Client(server.url, verbose=False)
    for note in NOTES:
        sent = client.predict(receipt, 0, "not_sure", note, new_key(), api_name="/submit_feedback")
        assert sent == {"stored": True, "repeated": False, "error": None}
    result = client.predict(receipt, api_name="/result")
    assert result == http.get(f"/results/{receipt}").json()
    assert [kept["note"] for kept in result["feedback"]] == list(NOTES)
    assert client.predict(receipt, api_name="/delete") == {"deleted": True, "error": None}
    again = client.predict(receipt, api_name="/delete")
    assert (again["deleted"], again["error"]["code"]) == (False, "unknown_receipt")
    for wrong in (receipt, "", "guess", None, 5):
        assert client.predict(wrong, api_name="/result")["error"] == again["error"]
    client.close()


def test_notes_survive_plain_http(http: httpx.Client, samples: Path) -> None:
    receipt = http.post("/analyse", content=(samples / "astronaut.png").read_bytes()).json()["receipt"]
    for note in NOTES:
        assert http.post(f"/results/{receipt}/feedback", json=vote(note=note)).status_code == 200
    assert [kept["note"] for kept in http.get(f"/results/{receipt}").json()["feedback"]] == list(NOTES)


def test_no_other_origin_is_let_in(http: httpx.Client, analysed: dict[str, Any]) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Host": "lens.example"}
    asked = {**foreign, "Access-Control-Request-Method": "DELETE"}
    for answer in (
        http.get(f"/results/{analysed['receipt']}", headers=foreign),
        http.options(f"/results/{analysed['receipt']}", headers=asked),
        http.get("/openapi.json", headers=foreign),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_the_description_names_exactly_what_there_is(http: httpx.Client, server: Server) -> None:
    document = http.get("/openapi.json").json()
    assert document["servers"] == [{"url": API}]
    assert {path: set(operations) for path, operations in document["paths"].items()} == {
        "/results/{receipt}/export": {"get"},
        "/analyse": {"post"},
        "/results/{receipt}": {"get", "delete"},
        "/results/{receipt}/feedback": {"post"},
    }
    assert "HTTPValidationError" not in json.dumps(document)
    assert set(document["paths"]["/analyse"]["post"]["responses"]) == {
        "200",
        "400",
        "413",
        "422",
        "503",
        "default",
    }
    assert httpx.get(f"{server.url}/openapi.json").status_code == 404
    for page in ("docs", "redoc"):
        assert http.get(f"/{page}").status_code == 404


def test_uploads_under_way_are_not_served(server: Server) -> None:
    left = server.cache / "api" / "left"
    left.parent.mkdir(exist_ok=True)
    left.write_text("somebody's face")
    assert httpx.get(f"{server.url}/gradio_api/file={left}").status_code in (403, 404)
    left.unlink()
