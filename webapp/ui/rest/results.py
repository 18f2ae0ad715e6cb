"""Endpoints of a stored result: read it, export it, delete it, send feedback on it."""

from __future__ import annotations

import json

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain.errors import Refused
from webapp.services.results.documents import StoredResult
from webapp.services.results.exports import ExportService
from webapp.services.results.feedback import FeedbackService
from webapp.services.results.receipts import ReceiptService
from webapp.ui.byte_ranges import media_response
from webapp.ui.rest.errors import documented_errors
from webapp.ui.rest.schemas import DeleteAnswer, DocumentResponse, FeedbackAnswer, FeedbackRequest
from webapp.ui.rest.uploads import read_small_body

# Bytes of a feedback request: a note of 2000 escaped characters and a region in base64 fit.
_MAX_FEEDBACK_BYTES = 262_144
# Error codes of fields with a wrong type or with text that cannot be stored.
_FIELD_CODES = {
    "face": "unknown_face",
    "vote": "invalid_vote",
    "note": "invalid_note",
    "idempotency_key": "invalid_key",
    "tags": "invalid_tag",
    "region": "invalid_region",
}
_UNKNOWN = "`unknown_receipt`, whatever the receipt looks like"
_ZIP_RESPONSE = {
    "description": "a ZIP archive",
    "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
}
_MEDIA_RESPONSE = {
    "description": "a photo or a clip",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
_FEEDBACK_BODY = {
    "required": True,
    "content": {"application/json": {"schema": FeedbackRequest.model_json_schema()}},
}


def results_router(receipts: ReceiptService, exports: ExportService, feedback: FeedbackService) -> APIRouter:
    """Return the routes.

    Receipts are `:path` parameters: one with a slash in it is an unknown receipt like any other. The routes
    with a suffix come first, because a receipt may look like any path.
    """
    router = APIRouter()

    @router.post(
        "/results/{receipt:path}/feedback",
        summary="Vote on the verdict",
        response_model=FeedbackAnswer,
        responses=documented_errors(
            {
                400: "`invalid_json`",
                404: _UNKNOWN,
                409: "`key_reused`: the idempotency key belongs to other feedback",
                413: "`too_large`",
                422: "`invalid_vote`, `unknown_face`, `note_too_long`, `invalid_note`, `invalid_key`, "
                "`invalid_tag`, `invalid_region`, `invalid_request`",
                503: "`not_saved`",
            }
        ),
        openapi_extra={"requestBody": _FEEDBACK_BODY},
    )
    async def submit_feedback(receipt: str, request: Request) -> Response:
        content = parse_feedback(await read_small_body(request, _MAX_FEEDBACK_BYTES))
        is_new = await run_in_threadpool(feedback.submit, content.submission(receipt))
        return DocumentResponse(FeedbackAnswer(stored=True, repeated=not is_new, error=None))

    @router.get(
        "/results/{receipt:path}/export",
        summary="Everything that is stored under the receipt, as a ZIP archive",
        response_class=Response,
        responses={200: _ZIP_RESPONSE, **documented_errors({404: _UNKNOWN, 503: "`unavailable`"})},
    )
    def export(receipt: str) -> Response:
        """Send an archive of `result.json`, `feedback.json`, `regions/*.png`, and `media.*` if it is kept."""
        headers = {"Content-Disposition": 'attachment; filename="result.zip"'}
        return Response(exports.export(receipt), media_type="application/zip", headers=headers)

    @router.get(
        "/results/{receipt:path}/media",
        summary="The kept file, without metadata",
        response_class=Response,
        responses={
            200: _MEDIA_RESPONSE,
            206: {"description": "the bytes of a `Range` header with one interval"},
            **documented_errors({404: f"{_UNKNOWN}, or `not_kept`", 503: "`unavailable`"}),
        },
    )
    def media(receipt: str, request: Request) -> Response:
        return media_response(exports.kept_file(receipt), request.headers.get("range"))

    @router.get(
        "/results/{receipt:path}",
        summary="The stored result with feedback, decisions and later scores",
        response_model=StoredResult,
        responses=documented_errors({404: _UNKNOWN, 503: "`unavailable`"}),
    )
    def result(receipt: str) -> Response:
        return DocumentResponse(receipts.result(receipt))

    @router.delete(
        "/results/{receipt:path}",
        summary="Delete the result and everything that belongs to it",
        response_model=DeleteAnswer,
        responses=documented_errors({404: _UNKNOWN, 503: "`not_deleted`, `file_left`"}),
    )
    def delete(receipt: str) -> Response:
        receipts.delete(receipt)
        return DocumentResponse(DeleteAnswer(deleted=True, error=None))

    return router


def parse_feedback(body: bytes) -> FeedbackRequest:
    """Return the request. Raises Refused: invalid_json, invalid_request, or the code of a field."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("invalid_json", "The request's body is not JSON.") from None
    try:
        return FeedbackRequest.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        path = problems[0]["loc"]
        field = str(path[0]) if path else ""
        if field in _FIELD_CODES:
            message = f"The field `{field}` is missing or of the wrong type."
            raise Refused(_FIELD_CODES[field], message) from None
        message = "The request's body must be an object with the documented fields only."
        raise Refused("invalid_request", message) from None
