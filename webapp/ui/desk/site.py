"""The desk's doors, its JSON and its Blocks put together, apart from the public application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from webapp.settings import Settings
from webapp.texts.desk import ENGLISH
from webapp.texts.model import ENGLISH as MODEL
from webapp.ui.auth import SIGN_IN_PATHS, SessionGuard, build_routes
from webapp.ui.desk import routes
from webapp.ui.desk.model_routes import PREFIX
from webapp.ui.desk.requests import MOST_BYTES
from webapp.ui.gradio_patches.queue import queued
from webapp.ui.gradio_patches.theme import theme
from webapp.ui.middleware import App, Beside, Guard
from webapp.ui.pages import desk as page
from webapp.ui.scripts import PAINTING
from webapp.ui.services import DeskServices

DESK = "/moderate"
CALLS = f"{DESK}/desk"  # the JSON
_HERE = Path(page.__file__).parent


class Desk:
    """Built once; `beside` puts it next to the public application, which never sees a request of the desk's."""

    def __init__(self, services: DeskServices) -> None:
        settings = services.settings
        self.blocks = page.build(services)
        site = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        self._sign_in_paths, sign_in_routes = _sign_in_routes(services)
        site.router.routes.extend([
            *sign_in_routes,
            *routes.build(services, CALLS),
            Route(DESK, _to_desk),
        ])  # fmt: skip
        self.blocks.has_launched = True  # else Gradio checks no path it is given, and reads any file
        gr.mount_gradio_app(
            site,
            queued(self.blocks),
            DESK,
            blocked_paths=[*settings.private, str(settings.cache)],  # no upload of anybody's is served here
            run_history=False,
            enable_monitoring=False,
            show_error=False,
            footer_links=[],
            max_file_size="1kb",
            ssr_mode=False,
            theme=theme(),
            css_paths=_HERE / "desk.css",
            head=_head(settings),
        )
        self._site = site
        guarded = SessionGuard(site, signing=services.signing, desk=DESK, sign_in_paths=self._sign_in_paths)
        self._app = Guard(guarded, max_bytes=MOST_BYTES)

    def beside(self, public: App) -> App:
        return Beside(public, (DESK, *self._sign_in_paths), self._app)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Within it, the Blocks' queue works."""
        async with self._site.router.lifespan_context(self._site):
            yield


def _sign_in_routes(services: DeskServices) -> tuple[tuple[str, ...], list[Route]]:
    """Return the paths and routes of signing in, with Hugging Face if the host offers it."""
    hugging_face, desk = services.hugging_face, f"{DESK}/"
    if hugging_face is None:
        return SIGN_IN_PATHS, build_routes(services.accounts, services.signing, desk=desk)
    local = build_routes(services.accounts, services.signing, desk=desk, hugging_face_link=hugging_face.link)
    return (*SIGN_IN_PATHS, *hugging_face.paths), [*hugging_face.routes(desk=desk), *local]


async def _to_desk(_: Request) -> Response:
    return RedirectResponse(f"{DESK}/", status_code=307)


def _head(settings: Settings) -> str:
    """The page's scripts, and the words they need."""
    desk = {"calls": CALLS, "undo_minutes": settings.decision_delay, **asdict(ENGLISH)}
    model = {"calls": CALLS + PREFIX, "texts": asdict(MODEL)}
    words = "".join(
        f"window.{name} = {_literal(given)};" for name, given in (("lensDesk", desk), ("lensModel", model))
    )
    files = (PAINTING, _HERE / "desk.js", _HERE / "model.js")
    scripts = "".join(f"<script>{path.read_text(encoding='utf-8')}</script>" for path in files)
    return f"<meta name='robots' content='noindex'><script>{words}</script>{scripts}"


def _literal(given: Mapping[str, Any]) -> str:
    """As it may stand in a script."""
    return json.dumps(given, ensure_ascii=True).replace("<", "\\u003c")
