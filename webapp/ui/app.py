"""The public application: its pages put together and served."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import gradio as gr
from fastapi import FastAPI
from gradio import networking, processing_utils, route_utils
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from webapp.services.uploads import Uploads, folder
from webapp.settings import Settings
from webapp.ui import api
from webapp.ui.guard import App, Fork, Guard
from webapp.ui.pages import analyse, receipt
from webapp.ui.pages.analyse.layout import EXAMPLES, address
from webapp.ui.services import Services
from webapp.ui.texts import LANGUAGES
from webapp.ui.undecoded import decode_nothing

STYLE, SCRIPT = Path(__file__).with_name("style.css"), Path(__file__).with_name("page.js")
Health = Callable[[], dict[str, Any]]
_SWEEP_SECONDS, _KEPT_SECONDS = 300, 1800


def build(services: Services) -> gr.Blocks:
    """All pages of the public application, each in every language; the first language is at "/"."""
    gr.set_static_paths([path for path in EXAMPLES.iterdir() if path.suffix in (".jpg", ".mp4")])  # no copies, which would be swept
    decode_nothing()
    first, *others = LANGUAGES.values()
    blocks = gr.Blocks(title=first.title, delete_cache=(_SWEEP_SECONDS, _KEPT_SECONDS), analytics_enabled=False)
    with blocks:
        api.build(services)  # first: names are unique
        analyse.build(services, first)
    for texts in others:
        with blocks.route(texts.title, address(texts, ""), show_in_navbar=False):
            analyse.build(services, texts)
    for texts in LANGUAGES.values():
        with blocks.route(texts.receipt_title, address(texts, "receipt"), show_in_navbar=False):
            receipt.build(blocks, services, texts)
    return blocks


def serve(blocks: gr.Blocks, rest: App, settings: Settings, health: Health, *, block: bool = True) -> None:
    """Start the server, `rest` under /api/v1; with `block`, return when it is stopped. Raises OSError when the port is taken."""
    processing_utils.async_ssrf_protected_download = _refuse_address
    networking.url_ok = _listening
    route_utils.GradioUploadFile = _OneUpload  # type: ignore[misc]

    def healthz(_: Request) -> JSONResponse:
        state = health()
        state["queue_length"] += blocks._queue.get_status().queue_size
        return JSONResponse(state, status_code=200 if state["database"] == "ok" else 503)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.router.routes.insert(0, Route("/healthz", healthz))
        if app.middleware_stack is not None:  # it is what called us
            app.middleware_stack = Fork(app.middleware_stack, "/api/v1", rest)
        sweeping = asyncio.create_task(_sweep(Uploads(settings.cache)))
        yield
        sweeping.cancel()

    blocks.queue(api_open=False, max_size=settings.max_waiting, default_concurrency_limit=8).launch(
        server_name=settings.host,
        server_port=settings.port,
        prevent_thread_lock=not block,
        quiet=True,
        share=False,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        footer_links=["api"],
        max_file_size=f"{settings.max_upload_mb}mb",
        blocked_paths=[*settings.private, str(folder(settings.cache))],
        css_paths=STYLE,
        head=f"<script>{SCRIPT.read_text(encoding='utf-8')}</script>",
        theme=_theme(),
        app_kwargs={
            "lifespan": lifespan,
            "openapi_url": None,
            "middleware": [Middleware(Guard, max_bytes=settings.max_upload_mb * 1_000_000)],
        },
    )


def _theme() -> gr.Theme:
    theme = gr.themes.Default(
        primary_hue="teal", neutral_hue="slate", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    dark_enough = {
        "button_cancel_background_fill": "#b91c1c",
        "button_cancel_background_fill_hover": "#991b1b",
        "button_primary_background_fill": "*primary_700",
        "button_primary_background_fill_hover": "*primary_800",
    }
    readable = {"block_info_text_color": "*neutral_600", "block_info_text_color_dark": "*neutral_300"}
    return theme.set(**dark_enough, **{f"{name}_dark": value for name, value in dark_enough.items()}, **readable)


async def _sweep(uploads: Uploads) -> None:
    """Gradio deletes the files it knows of; this also takes those of visits, of aborted uploads and of processes that were killed."""
    while True:
        await anyio.to_thread.run_sync(uploads.sweep, _KEPT_SECONDS)
        await asyncio.sleep(_SWEEP_SECONDS)


class _OneUpload(route_utils.GradioUploadFile):
    """Gradio names an upload's folder after its content, so that two visitors with the same picture would share one file, and whoever
    has the picture could work out the address. Here no two uploads are alike.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sha.update(secrets.token_bytes(32))


def _listening(url: str) -> bool:
    """In place of Gradio asking itself for a page at its start: it ends the server where that takes 3 seconds, as it does when
    visitors are there already, or a proxy is set. That the port could not be had is an error before.
    """
    return True


async def _refuse_address(*_: Any, **__: Any) -> str:
    """In place of Gradio's own download: no address is ever opened for a visitor."""
    raise gr.Error("Addresses are not opened; upload the file itself.", print_exception=False)
