"""Tests of the guard before the desk."""

from __future__ import annotations

import pytest
from httpx import Client

from tests.webapp.ui.auth.conftest import BASE, sign_in_as_ada
from webapp.services.accounts import Person
from webapp.ui.auth import SIGN_IN_PATHS, cookies


@pytest.mark.parametrize(
    "path",
    ["/desk", "/desk/", "/desk/gradio_api/queue/join", "/desk/config", "/desk/theme.css", "/desk/../desk/x"],
)
def test_no_path_of_the_desk_is_open(client: Client, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.post(path).status_code == 401
    assert client.get(path, headers={"Cookie": f"{cookies.SESSION}=guess"}).status_code == 401
    answer = client.get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://lens.example.evil.example", "http://lens.example:81", ""],
)
def test_other_origins_are_refused_even_with_the_cookie(client: Client, ada: Person, origin: str) -> None:
    assert sign_in_as_ada(client) == 303
    for path in ("/desk/", *SIGN_IN_PATHS):
        assert client.get(path, headers={"Origin": origin}).status_code == 403
        assert client.post(path, headers={"Origin": origin}).status_code == 403
    assert client.post("/desk/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/desk/", headers={"Sec-Fetch-Site": "same-site"}).status_code == 403
    # The guard does not check the public page.
    assert client.get("/", headers={"Origin": origin}).status_code == 200
    assert client.post("/desk/", headers={"Origin": BASE, "Sec-Fetch-Site": "same-origin"}).status_code == 200
