"""The public application: its pages put together and served."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import gradio as gr
from fastapi import FastAPI
from gradio import networking, processing_utils, route_utils
from starlette.middleware import Middleware

from webapp.services.storage.uploads import Uploads, visits_folder
from webapp.settings import Settings
from webapp.texts import LANGUAGES
from webapp.ui import gradio_api as api
from webapp.ui.desk import Desk
from webapp.ui.gradio_patches.queue import queued
from webapp.ui.gradio_patches.raw_uploads import decode_nothing
from webapp.ui.gradio_patches.theme import theme
from webapp.ui.health import Counted, Health, health_route, metrics_route
from webapp.ui.middleware import App, Fork, Guard
from webapp.ui.pages import analyse, receipt
from webapp.ui.pages.analyse.layout import EXAMPLES, address
from webapp.ui.scripts import public, script_element
from webapp.ui.services import Services

if TYPE_CHECKING:
    from webapp.services.operations.prometheus import PrometheusMetrics

STYLE = Path(__file__).with_name("style.css")
_SWEEP_SECONDS, _KEPT_SECONDS = 300, 1800


def build(services: Services) -> gr.Blocks:
    """All pages of the public application, each in every language; the first language is at "/"."""

    async def make() -> (
        gr.Blocks
    ):  # where no event loop runs, Gradio makes two for every page and leaves them behind
        return _pages(services)

    return asyncio.run(make())


def _pages(services: Services) -> gr.Blocks:
    gr.set_static_paths(
        [path for path in EXAMPLES.iterdir() if path.suffix in (".jpg", ".mp4")]
    )  # no copies, which would be swept
    decode_nothing()
    first, *others = LANGUAGES.values()
    blocks = gr.Blocks(
        title=first.title, delete_cache=(_SWEEP_SECONDS, _KEPT_SECONDS), analytics_enabled=False
    )
    with blocks:
        api.build(services)  # first: names are unique
        analyse.build(services, first)
    for texts in others:
        with blocks.route(texts.title, address(texts, ""), show_in_navbar=False):
            analyse.build(services, texts)
    for texts in LANGUAGES.values():
        with blocks.route(texts.receipt_title, address(texts, "receipt"), show_in_navbar=False):
            receipt.build(blocks, services, texts)

    def leave(request: gr.Request) -> None:
        services.presence.leave(request.session_hash or "")

    with blocks:
        blocks.unload(leave)
    return blocks


@dataclass(frozen=True)
class Site:
    """All that is served: the public pages, `rest` under /api/v1, `desk` under /moderate, /healthz, and /metrics where there are any."""

    blocks: gr.Blocks
    rest: App
    desk: Desk
    health: Health
    metrics: PrometheusMetrics | None = None


def serve(site: Site, settings: Settings) -> None:
    """Start the server in threads of its own. Raises OSError when the port is taken."""
    blocks, metrics = site.blocks, site.metrics
    processing_utils.async_ssrf_protected_download = _refuse_address
    networking.url_ok = _listening
    route_utils.GradioUploadFile = _OneUpload  # type: ignore[misc]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.router.routes.insert(0, health_route(site.health, lambda: blocks._queue.get_status().queue_size))
        if app.middleware_stack is not None:  # it is what called us
            app.middleware_stack = site.desk.beside(Fork(app.middleware_stack, "/api/v1", site.rest))
            if metrics is not None:
                app.router.routes.insert(0, metrics_route(metrics, settings.metrics_token))
                app.middleware_stack = Counted(app.middleware_stack, metrics)
        sweeping = asyncio.create_task(_sweep(Uploads(settings.cache)))
        async with site.desk.running():
            yield
        sweeping.cancel()

    queued(blocks, max_size=settings.max_waiting).launch(
        server_name=settings.host,
        server_port=settings.port,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        footer_links=[],
        max_file_size=f"{settings.max_upload_mb}mb",
        blocked_paths=[*settings.private, str(visits_folder(settings.cache))],
        css_paths=STYLE,
        head=script_element(public()),
        theme=theme(),
        app_kwargs={
            "lifespan": lifespan,
            "openapi_url": None,
            "middleware": [Middleware(Guard, max_bytes=settings.max_upload_mb * 1_000_000)],
        },
    )


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
