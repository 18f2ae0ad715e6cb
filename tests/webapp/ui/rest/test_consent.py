"""Consent, metadata and deletion, asked of the running application."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file

from laanet_core.media.images import read_image
from tests.conftest import Server
from tests.webapp import private
from tests.webapp.keepers import keeper
from webapp.bootstrap import open_records
from webapp.domain.consent import CONSENT_VERSION
from webapp.security.tokens import receipt_hash
from webapp.settings import InvalidSetting, from_environment
from webapp.texts import LANGUAGES

# the text that visitors agreed to, by version: what was agreed to must stay what it was
TEXTS = {
    "1": "I agree that this file is kept to settle disputes and to train the model; "
    "I can delete it at any time with the receipt",
    "2": "I agree that this file is kept to settle disputes and to train the model; "
    "I can delete it at any time by the link that I get",
    "3": "I agree that this file is kept to settle disputes and to train the model. "
    "I can delete it at any time with the link that I receive",
}


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/api/v1", timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def photo(samples: Path) -> bytes:
    """A face, lying on its side, with a place and a name in every part of the file that can hold them."""
    rgb = np.rot90(read_image(samples / "astronaut.png")[:400, 60:400])
    return private.picture(np.ascontiguousarray(rgb), "JPEG", orientation=6, quality=92)


def post(http: httpx.Client, content: bytes, consent: str | None = "true") -> httpx.Response:
    return http.post(
        "/analyse",
        files={"file": ("IMG_0042.jpg", content)},
        data={} if consent is None else {"consent": consent},
    )


def stored_files(server: Server) -> dict[Path, bytes]:
    """Everything below the folders of data and of uploads, and the log."""
    folders = (server.database.parent, server.cache)
    return {path: path.read_bytes() for place in folders for path in place.rglob("*") if path.is_file()} | {
        server.log: server.log.read_bytes()
    }


def with_secrets(contents: dict[Any, bytes]) -> list[Any]:
    return [
        name
        for name, content in contents.items()
        if any(secret in content for secret in private.SECRETS_AND_PLACE)
    ]


def test_no_place_or_name_is_stored_or_served(
    http: httpx.Client, server: Server, photo: bytes, tmp_path: Path
) -> None:
    """S18, with and without consent, over plain HTTP and Gradio's names."""
    assert all(secret in photo for secret in private.SECRETS_AND_PLACE)
    answers: dict[str, bytes] = {}
    receipts = []
    for consent in ("true", "false", None):
        answer = post(http, photo, consent)
        assert answer.json()["outcome"] == "verdict"
        assert (answer.json()["kept"], answer.json()["not_kept"]) == (consent == "true", None)
        receipts.append(answer.json()["receipt"])
        answers[f"analyse {consent}"] = answer.content
        answers[f"result {consent}"] = http.get(f"/results/{receipts[-1]}").content
        answers[f"export {consent}"] = http.get(f"/results/{receipts[-1]}/export").content
        answers[f"media {consent}"] = http.get(f"/results/{receipts[-1]}/media").content
    (tmp_path / "IMG_0042.jpg").write_bytes(photo)
    client = Client(server.url, verbose=False, download_files=str(tmp_path / "downloads"))
    overlay, result = client.predict(handle_file(str(tmp_path / "IMG_0042.jpg")), api_name="/analyse_image")
    answers |= {"overlay": Path(overlay).read_bytes(), "gradio": json.dumps(result).encode()}
    answers["gradio result"] = json.dumps(client.predict(result["receipt"], api_name="/result")).encode()
    client.close()
    assert result["kept"] is False  # Gradio's names never keep a file
    assert with_secrets(answers) == []
    files = stored_files(server)
    assert len([path for path in files if path.parent.name == "media"]) == 1
    assert with_secrets(files) == []
    for receipt in (*receipts, result["receipt"]):
        assert http.delete(f"/results/{receipt}").status_code == 200


def test_what_is_kept_can_be_fetched_and_deleted(http: httpx.Client, server: Server, photo: bytes) -> None:
    receipt = post(http, photo).json()["receipt"]
    result = http.get(f"/results/{receipt}").json()
    assert result["media"]["sha256"] == hashlib.sha256(photo).hexdigest()
    assert result["media"]["consent"]["text_version"] == CONSENT_VERSION
    answer = http.get(f"/results/{receipt}/export")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (
        "application/zip",
        "no-store",
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["feedback.json", "media.jpg", "result.json"]
        assert np.array_equal(read_image(archive.read("media.jpg")), read_image(photo))
        assert json.loads(archive.read("result.json")) == result
    answer = http.get(f"/results/{receipt}/media")
    assert np.array_equal(read_image(answer.content), read_image(photo))
    headers = {name: answer.headers[name] for name in ("content-type", "cache-control", "x-robots-tag")}
    assert headers["content-type"] == "image/jpeg"
    assert "no-store" in headers["cache-control"]
    assert headers["x-robots-tag"] == "noindex"
    part = http.get(f"/results/{receipt}/media", headers={"range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, answer.content[:10])
    unkept = post(http, photo, "false").json()["receipt"]
    refused = http.get(f"/results/{unkept}/media")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_kept")
    assert http.delete(f"/results/{unkept}").status_code == 200
    (path,) = [path for path in stored_files(server) if path.parent.name == "media"]
    scan = path.read_bytes()[-2000:]
    for address in (path, path.parent, f"{path.parent}/../media/{path.name}"):
        assert httpx.get(f"{server.url}/gradio_api/file={address}").status_code in (403, 404)
    assert http.delete(f"/results/{receipt}").status_code == 200
    traces = [
        receipt,
        receipt_hash(receipt),
        result["media"]["sha256"],
        result["media"]["kept"]["sha256"],
        *result["media"]["fingerprints"],
    ]
    left = stored_files(server)
    for trace in (*(word.encode() for word in traces), *(bytes.fromhex(word) for word in traces[1:]), scan):
        assert [str(path) for path, content in left.items() if trace in content] == []
    for gone in (
        http.get(f"/results/{receipt}/export"),
        http.get(f"/results/{receipt}/media"),
        http.get(f"/results/{receipt}"),
        http.get("/results/a%2Fb/export"),
    ):
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "unknown_receipt")


@pytest.mark.parametrize("word", ["maybe", "truee", "2", "null"])
def test_what_is_neither_yes_nor_no_is_no_consent(
    http: httpx.Client, server: Server, photo: bytes, word: str
) -> None:
    answer = post(http, photo, word)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_consent")
    assert not list((server.cache / "api").iterdir())
    body = http.post("/analyse?consent=true", content=photo).json()  # a body cannot say it
    assert body["kept"] is False


def test_a_host_can_keep_nothing(samples: Path, tmp_path: Path) -> None:
    settings = from_environment({"LENS_DATA": str(tmp_path / "data"), "LENS_STORE_GB": "0"})
    with open_records(settings) as records:
        answer = keeper(records.sessions, records.keeping).analyse(samples / "astronaut.png", consent=True)
    assert (answer.receipt is not None, answer.is_kept, answer.not_kept) == (True, False, "store_full")
    assert not (tmp_path / "data" / "media").exists()


def test_a_host_can_choose_where_files_are_kept(samples: Path, tmp_path: Path) -> None:
    settings = from_environment(
        {"LENS_DATA": str(tmp_path / "data"), "LENS_STORE": str(tmp_path / "elsewhere")}
    )
    assert str(tmp_path / "elsewhere") in settings.private
    with open_records(settings) as records:
        assert (
            keeper(records.sessions, records.keeping).analyse(samples / "astronaut.png", consent=True).is_kept
        )
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1
    for address in ("nothing://known", "gs://needs-a-package/that-is-not-here"):
        with pytest.raises(InvalidSetting, match="LENS_STORE"):
            open_records(from_environment({"LENS_DATA": str(tmp_path / "data"), "LENS_STORE": address}))


def test_the_text_that_was_agreed_to_does_not_change_under_its_version() -> None:
    assert LANGUAGES["en"].consent == TEXTS[CONSENT_VERSION]
    for texts in LANGUAGES.values():
        assert set(texts.file_storage) == {"kept", "store_full", "not_kept"}
