"""Endpoints that check reports: POST and GET /api/v1/verify."""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain.errors import Refused
from webapp.services.reports.verification import MAX_REPORT_BYTES
from webapp.services.results.verification import ResultState, VerificationService, VerifiedReport
from webapp.ui.middleware import TOO_LARGE
from webapp.ui.rest.errors import documented_errors
from webapp.ui.rest.schemas import DocumentResponse
from webapp.ui.rest.uploads import limited_form, read_small_body

_FILE = {"type": "string", "format": "binary"}
_FORM = {"type": "object", "properties": {"report": _FILE, "media": _FILE}, "required": ["report"]}
_REQUEST_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": _FORM},
        "application/pdf": {"schema": _FILE},
        "application/json": {"schema": {}},
    },
}
_REPORT_ID = {
    "name": "report_id",
    "in": "query",
    "required": True,
    "description": "`report.id` of the JSON report, the number in the PDF",
    "schema": {"type": "string"},
}
# Bytes that are read at once.
_CHUNK = 1_048_576
_UNAVAILABLE: dict[int | str, str] = {503: "`unavailable`, `no_report_keys`"}


def verification_router(verification: VerificationService, max_bytes: int) -> APIRouter:
    """Return the routes. A form has at most `max_bytes`."""
    router = APIRouter()
    errors: dict[int | str, str] = {400: "`missing_file`, `invalid_form`", 413: "`too_large`", **_UNAVAILABLE}
    responses: dict[int | str, dict[str, Any]] = documented_errors(errors)

    @router.post(
        "/verify",
        summary="Check a report",
        response_model=VerifiedReport,
        responses=responses,
        openapi_extra={"requestBody": _REQUEST_BODY},
    )
    async def verify(request: Request) -> Response:
        """Send the report, PDF or JSON, in a form's field `report`, or as the body itself.

        The field `media` may have the photo or clip, whose sha256 is compared. Neither file is kept. Any
        bytes are an answer: see `finding`.
        """
        report, media_sha256 = await _received(request, max_bytes)
        return DocumentResponse(await run_in_threadpool(verification.verify, report, media_sha256))

    @router.get(
        "/verify",
        summary="State of a report's result today",
        response_model=ResultState,
        responses=documented_errors({400: "`missing_report_id`", **_UNAVAILABLE}),
        openapi_extra={"parameters": [_REPORT_ID]},
    )
    def state(request: Request) -> Response:
        """Answer whether the result still exists, with its facts and what was found later.

        A report that merely shows this number may be forged. Compare its facts with the answer's, or send
        the report itself.
        """
        number = request.query_params.get("report_id", "")
        if not number:
            raise Refused("missing_report_id", "The address has no `report_id`.")
        return DocumentResponse(verification.state(number))

    return router


async def _received(request: Request, max_bytes: int) -> tuple[bytes, str | None]:
    """Return the report and the sha256 of the media file, if there is one.

    Raises Refused (too_large, missing_file) and Starlette's HTTPException for an unreadable form.
    """
    is_form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    if not is_form:
        report = await read_small_body(request, MAX_REPORT_BYTES)
        if not report:
            raise Refused("missing_file", "The request has no report.")
        return report, None
    async with limited_form(request, max_bytes, max_files=2) as form:
        upload = form.get("report")
        media = form.get("media")
        if not isinstance(upload, UploadFile):
            raise Refused("missing_file", "The form has no file in a field named `report`.")
        if (upload.size or 0) > MAX_REPORT_BYTES:
            raise Refused("too_large", TOO_LARGE)
        media_sha256 = None
        if isinstance(media, UploadFile):
            media_sha256 = await run_in_threadpool(_sha256, media.file)
        return await upload.read(), media_sha256


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
