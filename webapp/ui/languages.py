"""Choice of the language in which a visitor reads the pages."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse

from webapp.texts import LANGUAGES, Texts
from webapp.texts.addresses import CHOICE
from webapp.ui.middleware import TEXT_HEADERS, App, Message, Receive, Send


def preferred_texts(accept_language: str) -> Texts:
    """Return the texts of the language that a browser prefers (RFC 9110, 12.5.4); else the first language."""
    first = next(iter(LANGUAGES.values()))
    best, best_quality = first, 0.0
    for entry in accept_language.split(","):
        tag, _, parameters = entry.strip().partition(";")
        texts = _texts_of(tag.strip().lower())
        quality = _quality(parameters)
        if texts is not None and quality > best_quality:
            best, best_quality = texts, quality
    return best


def _texts_of(tag: str) -> Texts | None:
    """Return the texts whose code is the tag or the longest beginning of it (RFC 4647, 3.4); None without."""
    while tag and tag not in LANGUAGES:
        tag = tag.rpartition("-")[0]
    return LANGUAGES.get(tag)


def _quality(parameters: str) -> float:
    """Return the weight of a language in [0, 1]: 1 without one, 0 if it is malformed."""
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


class LanguageRedirect:
    """Middleware that sends a visitor of the start page to the start page in their language.

    That is the language that the parameter CHOICE names, as links to the start page do, or else the
    browser's. The addresses of all other pages name their language.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET":
            headers = Headers(scope=scope)
            query = scope.get("query_string", b"").decode("latin-1")
            chosen = parse_qs(query).get(CHOICE, [""])[-1].lower()
            texts = LANGUAGES.get(chosen) or preferred_texts(headers.get("accept-language", ""))
            is_other = texts is not next(iter(LANGUAGES.values()))
            if is_other and accepts_html(headers):
                root = scope.get("root_path", "")
                target = f"{root}/{texts.code}" + (f"?{query}" if query else "")
                caching = {"Vary": "Accept-Language", "Cache-Control": "no-store"}
                response = RedirectResponse(target, 307, {**TEXT_HEADERS, **caching})
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


def accepts_html(headers: Headers) -> bool:
    """Return True if a browser asks for a page, and not a program or a script for data."""
    return "text/html" in headers.get("accept", "")
