"""Routes of the desk's JSON: a request read, a handler called in a thread, its answer or error written."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webapp.domain.errors import Refused
from webapp.services.moderation.case_images import MediaContent
from webapp.ui.auth.cookies import read_cookie
from webapp.ui.desk.byte_ranges import media_response
from webapp.ui.desk.case_handlers import CaseHandlers, Endpoints, Handler
from webapp.ui.desk.model_handlers import ModelHandlers
from webapp.ui.desk.requests import MAX_BYTES, DeskCall, parse_object
from webapp.ui.services import DeskServices

logger = logging.getLogger(__name__)
NO_STORE = {"Cache-Control": "no-store"}
# Error codes by HTTP status. All other codes are answered with 422.
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
    503: ("unavailable",),
}
_STATUSES = {code: status for status, codes in _CODES_BY_STATUS.items() for code in codes}


def endpoints(services: DeskServices) -> Endpoints:
    """Return all handlers by HTTP method and path."""
    return {**CaseHandlers(services).endpoints(), **ModelHandlers(services).endpoints()}


def build_routes(services: DeskServices, prefix: str) -> list[Route]:
    """Return a route for each of `endpoints`, below `prefix`."""
    return [
        Route(prefix + path, _route_handler(services, handler), methods=[method])
        for (method, path), handler in endpoints(services).items()
    ]


def _route_handler(services: DeskServices, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        token, case = read_cookie(request.headers), request.path_params.get("case", "")
        try:
            get = request.method == "GET"
            content = dict(request.query_params) if get else parse_object(await _read_body(request))
            answer = await run_in_threadpool(
                lambda: handler(DeskCall(services.signing.person_of(token), case, content))
            )
        except Refused as refusal:
            return _error(refusal)
        except Exception:
            # The database is locked or away, or the error is unforeseen. Nothing was stored.
            logger.exception("the desk could not answer %s", request.url.path)
            return _error(
                Refused("unavailable", "That could not be done just now. Please try again in a moment.")
            )
        if isinstance(answer, MediaContent):
            return media_response(answer, request.headers.get("range"))
        return Response(to_json(answer), headers=NO_STORE, media_type="application/json")

    return handle


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
    return JSONResponse({"error": refusal.to_json()}, _STATUSES.get(refusal.code, 422), NO_STORE)
