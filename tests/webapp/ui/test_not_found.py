"""Unknown addresses."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.texts import LANGUAGES
from webapp.ui.not_found import NotFoundPage


@pytest.fixture
def client() -> TestClient:
    known = Route("/known", lambda _: JSONResponse({"known": True}))
    missing = {404: lambda *_: JSONResponse({"detail": "Not Found"}, 404)}
    return TestClient(NotFoundPage(Starlette(routes=[known], exception_handlers=missing)))


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_people_read_a_page_in_their_language(client: TestClient, code: str) -> None:
    response = client.get("/unknown", headers={"accept": "text/html", "accept-language": code})
    texts = LANGUAGES[code]
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert f'lang="{code}"' in response.text
    assert texts.device.not_found in response.text
    assert texts.to_analyse in response.text


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/unknown", "*/*"), ("/api/v1/unknown", "text/html"), ("/gradio_api/unknown", "text/html")],
)
def test_programs_read_json(client: TestClient, path: str, accept: str) -> None:
    response = client.get(path, headers={"accept": accept})
    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})


def test_known_addresses_are_not_changed(client: TestClient) -> None:
    assert client.get("/known", headers={"accept": "text/html"}).json() == {"known": True}
