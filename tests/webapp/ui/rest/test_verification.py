"""Tests of POST and GET /api/v1/verify against the running server, and of its published keys."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Server
from tests.webapp.sample_results import PHOTO
from tests.webapp.services.reports.pdf import SHA256, report_on
from tests.webapp.ui.rest.conftest import error_of
from webapp.security.key_file import KeyFile
from webapp.security.signing_keys import parse_public_keys
from webapp.security.tokens import report_number
from webapp.services.reports.service import report_json, report_pdf, report_statement
from webapp.services.reports.signing import ReportSigner
from webapp.ui.well_known import REPORT_KEYS


@pytest.fixture
def signer(server: Server) -> ReportSigner:
    """Signer with the keys of the running server."""
    return ReportSigner(KeyFile(server.database.parent / "report-keys.json").load, host="")


def reports(signer: ReportSigner, receipt: str) -> tuple[bytes, bytes]:
    report = report_on(PHOTO, identity=signer.identity(receipt))
    document = json.dumps(signer.sign_json(report_json(report))).encode()
    return document, signer.sign_pdf(report_pdf(report), report_statement(report))


def test_reports_verify_with_the_published_keys(server: Server, signer: ReportSigner) -> None:
    answer = httpx.get(server.url + REPORT_KEYS)
    assert answer.status_code == 200
    published = parse_public_keys(answer.text)
    keys = KeyFile(server.database.parent / "report-keys.json").load()
    assert published == keys.public
    assert (server.database.parent / "report-keys.json").stat().st_mode & 0o777 == 0o600


def test_a_report_and_its_file_are_answered(
    http: httpx.Client, signer: ReportSigner, analysed: dict[str, Any]
) -> None:
    for report in reports(signer, analysed["receipt"]):
        answer = http.post("/verify", files={"report": ("r", report), "media": ("m", b"the file")}).json()
        assert (answer["authentic"], answer["finding"], answer["from_this_site"]) == (True, "authentic", True)
        assert answer["media"] == {"sha256": SHA256, "matches": True}
        assert (answer["receipt"], answer["later"]["scores"]) == ("stands", [])
        alone = http.post("/verify", content=report, headers={"Content-Type": "application/pdf"}).json()
        assert (alone["authentic"], alone["media"]) == (True, None)
        altered = report.replace(b"a", b"b", 1)
        refused = http.post("/verify", files={"report": ("r", altered), "media": ("m", b"the file")}).json()
        assert (refused["authentic"], refused["report"], refused["receipt"]) == (False, None, "unknown")


def test_the_state_today_is_answered_by_number(
    http: httpx.Client, samples: Path, analysed: dict[str, Any]
) -> None:
    number = report_number(analysed["receipt"])
    state = http.get("/verify", params={"report_id": number}).json()
    assert (state["report_id"], state["stands"]) == (number, True)
    content = (samples / "two_people.jpg").read_bytes()
    assert state["result"]["media_sha256"] == hashlib.sha256(content).hexdigest()
    assert (state["result"]["verdict"], state["later"]["decision"]) == (analysed["verdict"], None)
    unknown = http.get("/verify", params={"report_id": "0" * 32}).json()
    assert (unknown["stands"], unknown["result"], unknown["later"]) == (False, None, None)
    assert error_of(http.get("/verify")) == (400, "missing_report_id")


def test_wrong_requests_have_codes(http: httpx.Client) -> None:
    assert error_of(http.post("/verify")) == (400, "missing_file")
    assert error_of(http.post("/verify", files={"media": ("m", b"x")})) == (400, "missing_file")
    assert error_of(http.post("/verify", files={"report": (None, "text")})) == (400, "missing_file")
    assert error_of(http.post("/verify", content=bytes(20_500_000)))[1] == "too_large"
    answer = http.post("/verify", content=b"anything").json()
    assert (answer["authentic"], answer["finding"]) == (False, "not_a_report")
