"""Routes of the desk's JSON. Each reads a request, calls a handler in a thread and sends its answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webapp.domain.errors import Refused
from webapp.services.storage.kept_media import MediaContent
from webapp.settings import Settings
from webapp.ui.auth.cookies import read_cookie
from webapp.ui.byte_ranges import media_response
from webapp.ui.desk.case_handlers import Answer, CaseHandlers, Endpoints, Handler
from webapp.ui.desk.list_handlers import FILE_PATH, ListHandlers
from webapp.ui.desk.model_handlers import ModelHandlers
from webapp.ui.desk.requests import MAX_BYTES, DeskCall, parse_object
from webapp.ui.rest.uploads import received_upload
from webapp.ui.services import DeskServices

logger = logging.getLogger(__name__)
NO_STORE = {"Cache-Control": "no-store"}
# Error codes by HTTP status. All other codes are answered with _DEFAULT_STATUS.
_CODES_BY_STATUS = {
    400: ("invalid_request",),
    401: ("not_signed_in",),
    403: ("not_allowed", "own_case"),
    404: ("unknown_case", "not_kept", "unknown_snapshot", "unknown_run", "unknown_version", "not_measured"),
    409: (
        "claim_lost",
        "labelled_already",
        "not_labelled",
        "not_waiting",
        "not_disputed",
        "too_late",
        "run_busy",
        "run_ended",
        "errand_busy",
        "stale_snapshot",
        "snapshot_changed",
        "snapshot_too_small",
        "not_passed",
        "answers_already",
        "other_champion",
        "nothing_to_go_back_to",
        "model_changed",
    ),
    413: ("too_large",),
    503: ("unavailable", "decoders_busy"),
}
_DEFAULT_STATUS = 422


def endpoints(services: DeskServices) -> Endpoints:
    """Return all handlers by HTTP method and path."""
    groups = (CaseHandlers(services), ListHandlers(services), ModelHandlers(services))
    return {key: handler for group in groups for key, handler in group.endpoints().items()}


def build_routes(services: DeskServices, prefix: str) -> list[Route]:
    """Return a route for each of `endpoints`, below `prefix`."""
    return [
        Route(prefix + path, _route_handler(services, handler, path), methods=[method])
        for (method, path), handler in endpoints(services).items()
    ]


def _route_handler(
    services: DeskServices, handler: Handler, path: str
) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        token = read_cookie(request.headers)
        case = request.path_params.get("case", "")

        def call_handler(content: Mapping[str, Any], file: Path | None = None) -> Answer | MediaContent:
            person = services.signing.person_of(token)
            return handler(DeskCall(person, case, content, file))

        try:
            if path == FILE_PATH:
                async with _received_file(request, services.settings) as file:
                    answer = await run_in_threadpool(call_handler, {}, file)
            else:
                content = await _content(request)
                answer = await run_in_threadpool(call_handler, content)
        except Refused as refusal:
            return _error(refusal)
        except Exception:
            # The database is locked or unreachable, or the error is unforeseen. Nothing was stored.
            logger.exception("the desk could not answer %s", request.url.path)
            return _error(
                Refused("unavailable", "This could not be done right now. Please try again in a moment.")
            )
        if isinstance(answer, MediaContent):
            return media_response(answer, request.headers.get("range"))
        return Response(to_json(answer), headers=NO_STORE, media_type="application/json")

    return handle


@asynccontextmanager
async def _received_file(request: Request, settings: Settings) -> AsyncIterator[Path]:
    """Receive the body as a file, which is deleted after the block. Raises Refused."""
    if request.headers.get("content-type", "") != "application/octet-stream":
        raise Refused("invalid_request", "The body must be the file, as application/octet-stream.")
    try:
        async with received_upload(request, settings.uploads, settings.max_upload_mb * 1_000_000) as upload:
            yield upload.path
    except ClientDisconnect:
        raise Refused("invalid_request", "The request was cut short.") from None


async def _content(request: Request) -> Mapping[str, Any]:
    """Return the query of a GET request, or the JSON object in the body of any other one."""
    if request.method == "GET":
        return dict(request.query_params)
    return parse_object(await _read_body(request))


async def _read_body(request: Request) -> bytes:
    """Return the body. Raises Refused: invalid_request, too_large."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused("invalid_request", "A request must be JSON.")
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BYTES:
                raise Refused("too_large", "The request is larger than a label can be.")
    except ClientDisconnect:
        raise Refused("invalid_request", "The request was cut short.") from None
    return body


def _error(refusal: Refused) -> Response:
    return JSONResponse({"error": refusal.to_json()}, _status_of(refusal.code), NO_STORE)


def _status_of(code: str) -> int:
    for status, codes in _CODES_BY_STATUS.items():
        if code in codes:
            return status
    return _DEFAULT_STATUS
