"""Server of the public application, with the REST interface and the desk beside it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import gradio as gr
from fastapi import FastAPI
from gradio import networking, processing_utils, route_utils
from starlette.middleware import Middleware

from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.services.storage.uploads import Uploads, visits_folder
from webapp.settings import Settings
from webapp.texts import LANGUAGES
from webapp.texts.addresses import address
from webapp.ui import gradio_api as api
from webapp.ui.desk import Desk
from webapp.ui.example_files import example_route
from webapp.ui.gradio_patches.connections import limit_request_times
from webapp.ui.gradio_patches.language import follow_page_language
from webapp.ui.gradio_patches.queue import queued
from webapp.ui.gradio_patches.raw_uploads import disable_image_decoding
from webapp.ui.gradio_patches.share_tags import replace_share_tags
from webapp.ui.gradio_patches.theme import theme
from webapp.ui.health import Health, RequestMetrics, health_route, metrics_route
from webapp.ui.icon import icon_route
from webapp.ui.languages import LanguageRedirect
from webapp.ui.mcp import PATH as MCP_PATH
from webapp.ui.middleware import App, Beside, Fork, Guard, Heartbeats, PageVersion
from webapp.ui.not_found import NotFoundPage
from webapp.ui.page_calls import page_version, result_calls
from webapp.ui.page_descriptions import page_descriptions
from webapp.ui.page_presence import Presence
from webapp.ui.pages import analyse, programs, receipt, verify
from webapp.ui.pages.model_measures import model_measures_routes
from webapp.ui.scripts import public, script_element
from webapp.ui.services import Services
from webapp.ui.well_known import report_keys_route

if TYPE_CHECKING:
    from webapp.services.operations.prometheus import PrometheusMetrics
    from webapp.ui.mcp.app import McpSite

# Style sheets by topic, in the order of the cascade: `tokens` has the values that all others use.
_STYLE_NAMES = (
    "tokens",
    "page",
    "gradio",
    "upload",
    "headline",
    "picture",
    "faces",
    "gauge",
    "clip",
    "actions",
    "device",
    "programs",
)
STYLES = [Path(__file__).parent / "styles" / f"{name}.css" for name in _STYLE_NAMES]
# Seconds between two sweeps of the uploads.
_SWEEP_INTERVAL = 300
# Age in seconds at which an upload is removed.
_MAX_UPLOAD_AGE = 1800
# Random bytes in the name of an upload's folder.
_RANDOM_BYTES = 32


def build(services: Services) -> gr.Blocks:
    """Return all pages of the public application in every language; the first language is at "/"."""

    # Without a running event loop Gradio makes two loops for every page and never closes them.
    async def build_in_event_loop() -> gr.Blocks:
        return _pages(services)

    return asyncio.run(build_in_event_loop())


def _pages(services: Services) -> gr.Blocks:
    disable_image_decoding()
    first, *others = LANGUAGES.values()
    # Not with `delete_cache`, which deletes the uploads of open pages when the server stops: we sweep them.
    blocks = gr.Blocks(title=first.title, analytics_enabled=False)
    with blocks:
        # The API comes first: Gradio numbers later functions with the same name.
        api.build(services)
        analyse.build(services, first)
    for texts in others:
        with blocks.route(texts.title, address(texts, ""), show_in_navbar=False):
            analyse.build(services, texts)
    for texts in LANGUAGES.values():
        with blocks.route(texts.receipt_title, address(texts, "receipt"), show_in_navbar=False):
            receipt.build(blocks, services, texts)
    for texts in LANGUAGES.values():
        with blocks.route(texts.verification.title, address(texts, "verify"), show_in_navbar=False):
            verify.build(blocks, services, texts)
    for texts in LANGUAGES.values():
        with blocks.route(texts.programs.title, address(texts, "programs"), show_in_navbar=False):
            programs.build(blocks, services, texts)
    return blocks


@dataclass(frozen=True)
class Site:
    """Everything that is served.

    `blocks`: the public pages. `rest`: /api/v1. `desk`: /moderate and the sign-in. `health`: state for
    /healthz. `report_keys`: the JWK set of the keys that sign reports. `model_measures`: the page
    /model/measures, if the operator publishes it. `metrics`: figures for /metrics; None
    if the operator has not turned it on. `mcp`: tools for AI programs at /mcp; None if they are off.
    `presence`: the open pages.
    """

    blocks: gr.Blocks
    presence: Presence
    rest: App
    desk: Desk
    health: Health
    report_keys: Callable[[], dict[str, Any]]
    model_measures: ModelMeasureService
    metrics: PrometheusMetrics | None = None
    mcp: McpSite | None = None


def serve(site: Site, settings: Settings) -> None:
    """Start the server in threads of its own. Raises OSError if the port is taken."""
    _patch_gradio()
    version = page_version(site.blocks)
    constants: dict[str, object] = {"pages": version, "resultCalls": result_calls(site.blocks)}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _add_parts(app, site, settings, version)
        sweeping = asyncio.create_task(_sweep(Uploads(settings.cache)))
        async with site.desk.running(), nullcontext() if site.mcp is None else site.mcp.running():
            yield
        sweeping.cancel()

    queued(site.blocks, max_size=settings.max_waiting).launch(
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
        # Gradio's own MCP server would fetch the addresses that a client sends.
        mcp_server=False,
        max_file_size=f"{settings.max_upload_mb}mb",
        blocked_paths=[*settings.private, str(visits_folder(settings.cache))],
        css_paths=STYLES,
        head=script_element(public(constants)),
        theme=theme(),
        app_kwargs={
            "lifespan": lifespan,
            "openapi_url": None,
            "middleware": [Middleware(Guard, max_bytes=settings.max_upload_mb * 1_000_000)],
        },
    )


def _patch_gradio() -> None:
    """Replace functions of Gradio that download for visitors, test the server and name upload folders.

    Connections get time limits, because Gradio chooses uvicorn's settings. Pages get the language of their
    address.
    """
    follow_page_language({code: texts.locale for code, texts in LANGUAGES.items()})
    limit_request_times()
    replace_share_tags(page_descriptions())
    processing_utils.async_ssrf_protected_download = _refuse_address
    networking.url_ok = _assume_reachable
    route_utils.GradioUploadFile = _UnguessableUpload  # type: ignore[misc]


def _add_parts(app: FastAPI, site: Site, settings: Settings, version: str) -> None:
    """Add the REST interface, the desk, /healthz and /metrics to Gradio's application."""

    def queue_length() -> int:
        return site.blocks._queue.get_status().queue_size

    app.router.routes.insert(0, health_route(site.health, queue_length))
    app.router.routes.insert(0, example_route())
    app.router.routes.insert(0, report_keys_route(site.report_keys))
    app.router.routes.insert(0, icon_route())
    if site.model_measures.is_public:
        app.router.routes[:0] = model_measures_routes(site.model_measures)
    # Gradio's application calls the lifespan, and so this function, through its middleware stack.
    assert app.middleware_stack is not None
    pages = PageVersion(Heartbeats(app.middleware_stack, site.presence), version)
    for_people = LanguageRedirect(NotFoundPage(pages))
    for_programs: App = Fork(for_people, "/api/v1", site.rest)
    if site.mcp is not None:
        for_programs = Beside(for_programs, (MCP_PATH,), site.mcp.app)
    app.middleware_stack = site.desk.beside(for_programs)
    if site.metrics is not None:
        app.router.routes.insert(0, metrics_route(site.metrics, settings.metrics_token))
        app.middleware_stack = RequestMetrics(app.middleware_stack, site.metrics)


async def _sweep(uploads: Uploads) -> None:
    """Remove old files that Gradio does not know: of visits, aborted uploads and killed processes."""
    while True:
        await anyio.to_thread.run_sync(uploads.sweep, _MAX_UPLOAD_AGE)
        await asyncio.sleep(_SWEEP_INTERVAL)


class _UnguessableUpload(route_utils.GradioUploadFile):
    """Upload in a folder with a random name.

    Gradio names the folder after the content: two visitors with the same picture would share one file, and
    anyone with the picture could compute its address.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sha.update(secrets.token_bytes(_RANDOM_BYTES))


def _assume_reachable(url: str) -> bool:
    """Skip the request that Gradio sends to itself at the start.

    Gradio ends the server if that request takes 3 seconds, as it may with early visitors or behind a proxy.
    The request is not needed to notice a port that is taken: that raises an error earlier.
    """
    return True


async def _refuse_address(*_: Any, **__: Any) -> str:
    """Refuse to download a file from an address that a visitor sent."""
    raise gr.Error("Web addresses are not supported. Upload the file itself.", print_exception=False)
