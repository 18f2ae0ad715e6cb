"""Choice of the language."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.ui.languages import LanguageRedirect, preferred_texts

CHINESE = "zh-CN,zh;q=0.9,en;q=0.8"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("zh", "zh"),
        (CHINESE, "zh"),
        ("zh-Hant-TW", "zh"),
        ("en-GB, zh;q=0.9", "en"),
        ("xx, zh;q=0.5, en;q=0.4", "zh"),
        ("xx", "en"),
        ("zh;q=0", "en"),
        ("zh;q=high", "en"),
        ("ZH", "zh"),
        (";;,=", "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("de-CH-1996", "de"),
    ],
)
def test_the_browsers_first_language_that_exists_is_chosen(header: str, code: str) -> None:
    assert preferred_texts(header).code == code


@pytest.mark.parametrize(
    ("path", "headers", "target"),
    [
        ("/", {"accept": "text/html", "accept-language": CHINESE}, "/zh"),
        ("/?__theme=dark", {"accept": "text/html", "accept-language": CHINESE}, "/zh?__theme=dark"),
        ("/?lang=en", {"accept": "text/html", "accept-language": CHINESE}, None),
        ("/", {"accept": "text/html", "accept-language": "en"}, None),
        ("/", {"accept": "text/html", "accept-language": "de-DE"}, "/de"),
        ("/?lang=de", {"accept": "text/html", "accept-language": CHINESE}, "/de?lang=de"),
        ("/?lang=DE", {"accept": "text/html", "accept-language": "en"}, "/de?lang=DE"),
        ("/?lang=xx", {"accept": "text/html", "accept-language": "en"}, None),
        ("/", {"accept": "*/*", "accept-language": CHINESE}, None),
        ("/receipt", {"accept": "text/html", "accept-language": CHINESE}, None),
    ],
)
def test_only_the_start_page_without_a_choice_redirects(
    path: str, headers: dict[str, str], target: str | None
) -> None:
    async def answer(_: Request) -> PlainTextResponse:
        return PlainTextResponse("page")

    pages = LanguageRedirect(Starlette(routes=[Route("/{rest:path}", answer)]))
    with TestClient(pages, follow_redirects=False) as client:
        response = client.get(path, headers=headers)
    assert response.headers.get("location") == target
    if target is not None:
        assert (response.status_code, response.headers["vary"]) == (307, "Accept-Language")
