"""Tests of the list of cases, searches and a case's page, over the running desk."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from tests.conftest import Server
from tests.desks import Moderator, signed_in
from tests.webapp.ui.desk.conftest import LABEL
from webapp.security.tokens import report_number
from webapp.ui.desk import CALLS

BINARY = {"Content-Type": "application/octet-stream"}
OPINIONS = ("verdict", "reason", "conflict", "model", "decision", "own", "opened_at")


def send_file(moderator: Moderator, content: bytes, **headers: str) -> httpx.Response:
    return moderator.client.post(f"{CALLS}/cases/file", content=content, headers={**BINARY, **headers})


def status_of_announced(server: Server, moderator: Moderator, size: int) -> int:
    """Return the status of a request that announces a file of so many bytes, and sends none of it."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    with contextlib.closing(connection):
        connection.putrequest("POST", f"{CALLS}/cases/file")
        cookie = "; ".join(f"{name}={value}" for name, value in moderator.client.cookies.items())
        for name, value in {**BINARY, "Cookie": cookie, "Content-Length": str(size)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status


def listed(moderator: Moderator, query: str = "") -> Any:
    answer = moderator.get(f"/cases?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_open_case_is_found_blind_and_listed_after_the_label(
    desk_server: Server, mia: Moderator, case: str, receipt: str, samples: Path
) -> None:
    original = (samples / "two_people.jpg").read_bytes()
    smaller = io.BytesIO()
    with Image.open(io.BytesIO(original)) as image:
        image.resize((image.width // 2, image.height // 2)).save(smaller, "JPEG", quality=70)
    sha256 = hashlib.sha256(original).hexdigest()
    found = [mia.said("/cases/find", {"text": text})["cases"] for text in (case, receipt, sha256)]
    found += [mia.said("/cases/find", {"text": report_number(receipt)})["cases"]]
    found += [send_file(mia, content).json()["cases"] for content in (original, smaller.getvalue())]
    for (row,) in found:
        assert (row["id"], row["state"], row["can_label"]) == (case, "open", True)
        assert {row[name] for name in OPINIONS} == {None}
    assert [cases[0]["distance"] is None for cases in found] == [True] * 5 + [False]
    assert listed(mia) == listed(mia, "own=1") == {"cases": [], "next": None}
    history = mia.get(f"/case/{case}/history").json()["history"]
    assert (history["file"], history["answer"], history["events"]) == (None, None, [])
    with signed_in(desk_server, "ada") as ada:
        (row,) = listed(ada, "state=open&order=oldest")["cases"]
        assert (row["id"], row["verdict"], row["reason"]) == (case, None, None)
        assert listed(ada, "reason=disagreement")["cases"] == []
    mia.said(f"/case/{case}/take")
    mia.said(f"/case/{case}/blind", LABEL)
    (row,) = listed(mia, "own=1&reason=disagreement&max_days=1")["cases"]
    assert (row["own"], row["reason"]) == ("fake", "disagreement")
    history = mia.get(f"/case/{case}/history").json()["history"]
    assert (history["file"]["id"], [event["kind"] for event in history["events"]]) == (case, ["labelled"])
    assert mia.get(f"/case/{case}/file").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/cases?state=lost", 422, "invalid_filter"),
        ("/cases?own=perhaps", 400, "invalid_request"),
        ("/cases?min_days=-1", 400, "invalid_request"),
        ("/cases?min_days=99999999999", 400, "invalid_request"),
        ("/cases?order=rank", 400, "invalid_request"),
        ("/cases?cursor=x", 422, "invalid_cursor"),
        ("/cases?moderator=noah", 403, "not_allowed"),
        (f"/case/{'0' * 32}/history", 404, "unknown_case"),
    ],
)
def test_invalid_queries_are_refused(mia: Moderator, path: str, status: int, code: str) -> None:
    answer = mia.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_invalid_searches_and_files_are_refused(desk_server: Server, mia: Moderator) -> None:
    assert mia.post("/cases/find", {"text": "a.jpg"}).json()["error"]["code"] == "invalid_search"
    assert mia.post("/cases/find", {"text": 3}).json()["error"]["code"] == "invalid_request"
    assert mia.post("/cases/file", {}).json()["error"]["code"] == "invalid_request"
    for content, code in ((b"", "empty_file"), (b"MZ not a photo", "unsupported_type")):
        answer = send_file(mia, content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    # A file may be larger than other requests of the desk, but not larger than visitors' uploads.
    large = send_file(mia, b"BM" + bytes(4_000_000))
    assert large.status_code == 422
    assert status_of_announced(desk_server, mia, 200_000_000) == 413
    # Nothing of the files stays.
    assert list(desk_server.cache.rglob("upload-*")) == []


def test_choices_name_moderators_to_admins_only(desk_server: Server, mia: Moderator, case: str) -> None:
    mia.said("/take")
    mia.said(f"/case/{case}/blind", LABEL)
    choices = mia.get("/cases/choices").json()["choices"]
    assert choices["moderators"] == []
    assert len(choices["models"]) == 1
    with signed_in(desk_server, "ada") as ada:
        assert ada.get("/cases/choices").json()["choices"]["moderators"] == ["mia"]
