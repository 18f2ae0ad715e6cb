"""Tests of the application: its OpenAPI document and its headers."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from jsonschema import ValidationError

from tests.conftest import Server
from tests.webapp.ui.rest.conftest import vote
from tests.webapp.ui.rest.openapi_check import API, OpenAPICheck


def test_no_answer_has_cors_headers(http: httpx.Client, analysed: dict[str, Any]) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Host": "lens.example"}
    asked = {**foreign, "Access-Control-Request-Method": "DELETE"}
    for answer in (
        http.get(f"/results/{analysed['receipt']}", headers=foreign),
        http.options(f"/results/{analysed['receipt']}", headers=asked),
        http.get("/openapi.json", headers=foreign),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_the_document_lists_exactly_the_operations(http: httpx.Client, server: Server) -> None:
    document = http.get("/openapi.json").json()
    assert document["servers"] == [{"url": API}]
    assert {path: set(operations) for path, operations in document["paths"].items()} == {
        "/results/{receipt}/export": {"get"},
        "/results/{receipt}/media": {"get"},
        "/analyse": {"post"},
        "/results/{receipt}": {"get", "delete"},
        "/results/{receipt}/feedback": {"post"},
        "/verify": {"get", "post"},
        "/model/measures": {"get"},
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


def test_the_document_describes_the_answers(
    http: httpx.Client, analysed: dict[str, Any], openapi_check: OpenAPICheck
) -> None:
    """The client's hook validates each response; here every operation answers at least once."""
    place = f"/results/{analysed['receipt']}"
    http.get(place)
    http.get(f"{place}/export")
    http.get(f"{place}/media")
    http.post(f"{place}/feedback", json=vote())
    http.post("/analyse", content=b"no picture")
    http.delete("/results/unknown")
    http.post("/verify", content=b"no report")
    http.get("/verify", params={"report_id": "unknown"})
    operations = {name for name, _ in openapi_check.checked}
    assert operations == {
        "post /analyse",
        "get /results/{receipt}",
        "delete /results/{receipt}",
        "get /results/{receipt}/export",
        "get /results/{receipt}/media",
        "post /results/{receipt}/feedback",
        "post /verify",
        "get /verify",
    }
    assert openapi_check.checked["post /analyse", "422"] >= 1


def test_the_check_refuses_answers_that_are_not_documented(openapi_check: OpenAPICheck) -> None:
    request = httpx.Request("DELETE", f"http://lens{API}/results/a")
    for content in (
        {"deleted": True},
        {"deleted": True, "error": None, "more": 1},
        {"deleted": 1, "error": None},
    ):
        with pytest.raises(ValidationError):
            openapi_check(httpx.Response(200, json=content, request=request))
