"""Endpoint that analyses a file: POST /api/v1/analyse."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from laanet_core.errors import Cancelled
from webapp.services.analysis.service import AnalysisService
from webapp.ui.rest.client_presence import analyse_while_present
from webapp.ui.rest.errors import documented_errors
from webapp.ui.rest.schemas import AnalyseAnswer, DocumentResponse
from webapp.ui.rest.uploads import received_upload

_FILE = {"type": "string", "format": "binary"}
_CONSENT = {"type": "boolean", "default": False, "description": "the file may be kept"}
_FORM = {"type": "object", "properties": {"file": _FILE, "consent": _CONSENT}, "required": ["file"]}
_REQUEST_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": _FORM},
        "application/octet-stream": {"schema": _FILE},
    },
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Judged: a verdict, or `no_face`, or `face_too_small`"},
    **documented_errors(
        {
            400: "`missing_file`, `invalid_form`",
            413: "`too_large`",
            503: "`busy`: too many analyses are waiting",
        }
    ),
    422: {
        "model": AnalyseAnswer,
        "description": "The file was read and rejected: `outcome` is `rejected` and `error` says why "
        "(`empty_file`, `unsupported_type`, `corrupt_image`, `image_too_small`, `too_many_pixels`, "
        "`corrupt_video`, `no_frames`, `video_too_long`, `decoder_died`, `decoding_too_slow`, "
        '`decoding_too_large`, `decoders_busy`, `unforeseen`). Or `{"error"}` alone: `invalid_consent`',
    },
}
_RESPONSES[503]["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}


def analyses_router(analysis: AnalysisService, folder: Path, max_bytes: int) -> APIRouter:
    """Return the route. The server writes uploads of at most `max_bytes` to `folder`."""
    router = APIRouter()

    @router.post(
        "/analyse",
        summary="Analyse a photo or clip",
        response_model=AnalyseAnswer,
        responses=_RESPONSES,
        openapi_extra={"requestBody": _REQUEST_BODY},
    )
    async def analyse(request: Request) -> Response:
        """Send the file in a form's field `file`, or as the body itself.

        The server detects the kind of file by its content and ignores its name. It deletes the file after
        the analysis and stores the result under the receipt, with a digest and perceptual hashes of the file.
        If the form's field `consent` is true, the file is kept without its metadata, to settle disputes and
        to train the model, until the receipt is deleted. A client that disconnects stops the analysis.
        """
        # A full queue is reported before the body is read.
        analysis.queue.check()
        async with received_upload(request, folder, max_bytes) as upload:
            disconnect = asyncio.create_task(_wait_for_disconnect(request))
            try:
                analysed = await analyse_while_present(analysis, upload, disconnect)
            except Cancelled:
                raise ClientDisconnect from None
            finally:
                disconnect.cancel()
        status = 422 if analysed.result.outcome == "rejected" else 200
        return DocumentResponse(AnalyseAnswer.of(analysed), status)

    return router


async def _wait_for_disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
