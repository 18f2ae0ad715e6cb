"""Site of the desk: an application of its own with sign-in routes, JSON routes and Gradio's Blocks."""

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
from webapp.texts.case_list import ENGLISH as CASE_LIST
from webapp.texts.desk import ENGLISH
from webapp.texts.model import ENGLISH as MODEL
from webapp.ui.auth import SIGN_IN_PATHS, SessionGuard
from webapp.ui.auth.routes import build_routes as build_sign_in_routes
from webapp.ui.desk.list_handlers import FILE_PATH
from webapp.ui.desk.model_handlers import PREFIX
from webapp.ui.desk.requests import MAX_BYTES
from webapp.ui.desk.routes import build_routes
from webapp.ui.gradio_patches.queue import queued
from webapp.ui.gradio_patches.theme import theme
from webapp.ui.middleware import App, Beside, Guard
from webapp.ui.pages import desk as page
from webapp.ui.scripts import PAINTING
from webapp.ui.services import DeskServices
from webapp.ui.templating import render

DESK = "/moderate"
# Address of the desk's JSON.
CALLS = f"{DESK}/desk"
_PAGE_FOLDER = Path(page.__file__).parent


class Desk:
    """The desk's application. `beside` joins it to the public one, which receives none of its requests."""

    def __init__(self, services: DeskServices) -> None:
        settings = services.settings
        self.blocks = page.build(services)
        site = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        self._sign_in_paths, sign_in_routes = _sign_in_routes(services)
        routes = [*sign_in_routes, *build_routes(services, CALLS), Route(DESK, _redirect_to_desk)]
        site.router.routes.extend(routes)
        # Gradio checks file paths only in Blocks that have launched; otherwise it would read any file.
        self.blocks.has_launched = True
        gr.mount_gradio_app(
            site,
            queued(self.blocks),
            DESK,
            # No visitor's upload is served here.
            blocked_paths=[*settings.private, str(settings.cache)],
            run_history=False,
            enable_monitoring=False,
            show_error=False,
            footer_links=[],
            max_file_size="1kb",
            ssr_mode=False,
            theme=theme(),
            css_paths=[_PAGE_FOLDER / name for name in page.STYLES],
            head=_head(settings),
        )
        self._site = site
        guarded = SessionGuard(site, signing=services.signing, desk=DESK, sign_in_paths=self._sign_in_paths)
        receives_files = Guard(guarded, max_bytes=settings.max_upload_mb * 1_000_000)
        self._app = Beside(Guard(guarded, max_bytes=MAX_BYTES), (CALLS + FILE_PATH,), receives_files)

    def beside(self, public: App) -> App:
        """Return an application that answers the desk's paths itself and hands all others to `public`."""
        return Beside(public, (DESK, *self._sign_in_paths), self._app)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run Gradio's queue of the desk until the `async with` block ends."""
        async with self._site.router.lifespan_context(self._site):
            yield


def _sign_in_routes(services: DeskServices) -> tuple[tuple[str, ...], list[Route]]:
    """Return the paths and routes of signing in, with Hugging Face if the host offers it."""
    hugging_face = services.hugging_face
    desk = f"{DESK}/"
    if hugging_face is None:
        return SIGN_IN_PATHS, build_sign_in_routes(services.accounts, services.signing, desk=desk)
    local = build_sign_in_routes(
        services.accounts, services.signing, desk=desk, hugging_face_link=hugging_face.link
    )
    paths = (*SIGN_IN_PATHS, *hugging_face.paths)
    routes = [*hugging_face.routes(desk=desk), *local]
    return paths, routes


async def _redirect_to_desk(_: Request) -> Response:
    return RedirectResponse(f"{DESK}/", status_code=307)


def _head(settings: Settings) -> str:
    """Return the page's scripts, with the texts and settings that they need."""
    desk = {"calls": CALLS, "undo_minutes": settings.decision_delay, "texts": asdict(ENGLISH)}
    model = {"calls": CALLS + PREFIX, "texts": asdict(MODEL)}
    case_list = {"calls": CALLS, "texts": asdict(CASE_LIST)}
    constants = {
        "lensDesk": _script_literal(desk),
        "lensCaseList": _script_literal(case_list),
        "lensModel": _script_literal(model),
    }
    files = (PAINTING, *(_PAGE_FOLDER / name for name in page.SCRIPTS))
    scripts = [path.read_text(encoding="utf-8") for path in files]
    return render("desk/head.jinja", constants=constants, scripts=scripts)


def _script_literal(value: Mapping[str, Any]) -> str:
    """Return JSON that is safe inside a script element, because it contains no `<`."""
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")
