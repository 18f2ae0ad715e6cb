"""Tests of the endpoints of a stored result, over the running application."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client

from tests.conftest import Server
from tests.webapp.naughty import NOTES
from tests.webapp.painted_regions import mask, png
from tests.webapp.ui.rest.conftest import error_of, vote
from webapp.domain.limits import MAX_NOTE, MAX_REGION_BYTES
from webapp.security.tokens import new_key


def test_feedback_is_stored_once_and_returned(http: httpx.Client, samples: Path) -> None:
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
    result = http.get(f"/results/{receipt}")
    (kept,) = result.json()["feedback"]
    assert (kept["face"], kept["vote"], kept["tags"], kept["note"]) == (
        1,
        "disagree",
        ["boundary", "eyes"],
        " I was there.\n",
    )
    assert base64.b64decode(kept["region"]).startswith(b"\x89PNG")
    assert error_of(http.post(f"/results/{receipt}/feedback", json={**sent, "vote": "agree"})) == (
        409,
        "key_reused",
    )


@pytest.mark.parametrize(
    ("changes", "status", "code"),
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
def test_invalid_feedback_is_refused_with_a_code(
    http: httpx.Client, analysed: dict[str, Any], changes: dict[str, object], status: int, code: str
) -> None:
    content = json.dumps(vote(**changes)).encode()
    assert error_of(http.post(f"/results/{analysed['receipt']}/feedback", content=content)) == (status, code)


def test_other_bodies_are_refused(http: httpx.Client, analysed: dict[str, Any]) -> None:
    place = f"/results/{analysed['receipt']}/feedback"
    for content in (b"", b"{", b"\xff", b"[" * 100_000):
        assert error_of(http.post(place, content=content)) == (400, "invalid_json")
    for content in (b"[]", b"null", b"1"):
        assert error_of(http.post(place, content=content)) == (422, "invalid_request")


def test_unknown_receipts_of_any_shape_get_the_same_answer(http: httpx.Client) -> None:
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
    assert error_of(http.get("/results/guess")) == (404, "unknown_receipt")


def test_deleted_results_are_gone(http: httpx.Client, server: Server, samples: Path) -> None:
    receipt = http.post("/analyse", content=(samples / "astronaut.png").read_bytes()).json()["receipt"]
    http.post(f"/results/{receipt}/feedback", json=vote(note="a note that is deleted over HTTP"))
    answer = http.delete(f"/results/{receipt}")
    assert (answer.status_code, answer.json()) == (200, {"deleted": True, "error": None})
    assert error_of(http.delete(f"/results/{receipt}")) == (404, "unknown_receipt")
    assert error_of(http.get(f"/results/{receipt}")) == (404, "unknown_receipt")
    assert b"a note that is deleted over HTTP" not in server.database.read_bytes()
    assert receipt not in server.log.read_text()


def test_notes_are_stored_unchanged(http: httpx.Client, samples: Path) -> None:
    receipt = http.post("/analyse", content=(samples / "astronaut.png").read_bytes()).json()["receipt"]
    for note in NOTES:
        assert http.post(f"/results/{receipt}/feedback", json=vote(note=note)).status_code == 200
    assert [kept["note"] for kept in http.get(f"/results/{receipt}").json()["feedback"]] == list(NOTES)


def test_an_export_is_a_zip_archive(http: httpx.Client, analysed: dict[str, Any]) -> None:
    answer = http.get(f"/results/{analysed['receipt']}/export")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {"result.json", "feedback.json"} <= set(archive.namelist())
        assert json.loads(archive.read("result.json"))["kind"] == "image"


def test_gradio_functions_serve_receipts_too(http: httpx.Client, server: Server, samples: Path) -> None:
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
