"""Page for people who follow an unknown address. Programs receive JSON."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse

from webapp.texts import Texts
from webapp.texts.addresses import address
from webapp.ui.languages import accepts_html, preferred_texts
from webapp.ui.middleware import TEXT_HEADERS, App, Message, Receive, Send
from webapp.ui.templating import render

# Below these paths programs ask.
_PROGRAMS = ("/api/", "/gradio_api/")


class NotFoundPage:
    """Middleware that replaces 404 answers to browsers by a page in the browser's language."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_PROGRAMS):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not accepts_html(headers):
            await self._app(scope, receive, send)
            return
        is_replaced = False

        async def send_page(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and message["status"] == 404:
                is_replaced = True
                texts = preferred_texts(headers.get("accept-language", ""))
                page = render("not_found.jinja", texts=texts, **_links(texts))
                await HTMLResponse(page, 404, TEXT_HEADERS)(scope, receive, send)
            elif not is_replaced:
                await send(message)

        await self._app(scope, receive, send_page)


def _links(texts: Texts) -> dict[str, str]:
    """Return the addresses of the pages that the visitor may look for."""
    return {"start": address(texts, ""), "programs": address(texts, "programs")}
