"""The endpoints below /api/v1."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from laanet_core.errors import Cancelled
from webapp.domain.errors import Refused
from webapp.security.tokens import new_key
from webapp.services.analysis.service import AnalysisService, Client, StoredAnalysis
from webapp.services.results.exports import ExportService
from webapp.services.results.feedback import FeedbackService, Submission
from webapp.services.results.receipts import ReceiptService
from webapp.settings import Settings
from webapp.ui.middleware import App, Guard
from webapp.ui.render.timeline import rows as timeline_rows
from webapp.ui.rest import documents, errors, schemas
from webapp.ui.rest.uploads import Upload, read_small, received, sweep

_MAX_FEEDBACK = 262_144  # bytes; a note of 2000 characters, escaped, and a region in base64 fit
# field: the code when it is of the wrong type or no text that can be stored
_CODES = {
    "face": "unknown_face",
    "vote": "invalid_vote",
    "note": "invalid_note",
    "idempotency_key": "invalid_key",
    "tags": "invalid_tag",
    "region": "invalid_region",
}


@dataclass(frozen=True)
class RestServices:
    """What the endpoints ask things of."""

    analysis: AnalysisService
    feedback: FeedbackService
    receipts: ReceiptService
    exports: ExportService


def build(services: RestServices, settings: Settings) -> App:
    """The application behind /api/v1, with the page's limits and no CORS headers."""
    sweep(settings.uploads)
    app = FastAPI(
        title="LAA-Net Lens",
        version="1",
        description=documents.ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    errors.add_handlers(app)
    _add_analyse(app, services.analysis, settings)
    _add_feedback(app, services.feedback)
    _add_export(app, services.exports)  # before the results: a receipt may look like any path
    _add_results(app, services.receipts)
    return Guard(app, max_bytes=settings.max_upload_mb * 1_000_000)


def _add_analyse(app: FastAPI, analysis: AnalysisService, settings: Settings) -> None:
    @app.post("/analyse", **documents.ANALYSE)
    async def analyse(request: Request) -> JSONResponse:
        analysis.queue.check()  # before the body is read
        async with received(request, settings.uploads, settings.max_upload_mb * 1_000_000) as upload:
            analysed = await _judge(analysis, request, upload)
        answer = analysed.document().to_json()
        if analysed.result.kind == "video":
            answer["timeline"] = timeline_rows(analysed.result)
        return JSONResponse(answer, 422 if analysed.result.outcome == "rejected" else 200)


async def _judge(analysis: AnalysisService, request: Request, upload: Upload) -> StoredAnalysis:
    """Wait in the queue and analyse the upload, as long as the client is connected.

    Raises Busy (Restarting too) and ClientDisconnect.
    """
    job = new_key()
    ticket = analysis.join_queue(upload.path)
    gone = asyncio.create_task(_gone(request))
    try:
        admission = asyncio.wrap_future(ticket.admission)
        await asyncio.wait({admission, gone}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            admission.cancel()
            raise ClientDisconnect
        admission.result()
        work = asyncio.create_task(
            asyncio.to_thread(
                analysis.analyse,
                upload.path,
                consent=upload.consent,
                job=job,
                ticket=ticket,
                client=Client(is_present=lambda: not gone.done()),
            )
        )
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            analysis.jobs.stop(job)
        try:
            return await work
        except Cancelled:
            raise ClientDisconnect from None
    finally:
        gone.cancel()
        analysis.queue.leave(ticket)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _add_feedback(app: FastAPI, feedback: FeedbackService) -> None:
    # `:path`, so that a receipt with a slash in it is an unknown receipt like any other
    @app.post("/results/{receipt:path}/feedback", **documents.FEEDBACK)
    async def submit_feedback(receipt: str, request: Request) -> JSONResponse:
        submission = _submission(receipt, await read_small(request, _MAX_FEEDBACK))
        new = await run_in_threadpool(feedback.submit, submission)
        return JSONResponse({"stored": True, "repeated": not new, "error": None})


def _submission(receipt: str, body: bytes) -> Submission:
    """Raises Refused: invalid_json, invalid_request, or the code of the field that cannot be."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("invalid_json", "The request's body is not JSON.") from None
    try:
        new = schemas.NewFeedback.model_validate(given)
    except ValidationError as error:
        place = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
        field = str(place[0]) if place else ""
        if field in _CODES:
            raise Refused(_CODES[field], f"The field `{field}` is missing or of the wrong type.") from None
        raise Refused(
            "invalid_request", "The request's body must be an object with the documented fields only."
        ) from None
    return Submission(
        receipt, new.face, new.vote, new.note, new.idempotency_key, new.tags, _region(new.region)
    )


def _region(text: str | None) -> bytes | None:
    try:
        return None if text is None else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("invalid_region", "The painted region is not base64.") from None


def _add_export(app: FastAPI, exports: ExportService) -> None:
    @app.get("/results/{receipt:path}/export", **documents.EXPORT)
    def export(receipt: str) -> Response:
        headers = {"Content-Disposition": 'attachment; filename="result.zip"'}
        return Response(exports.export(receipt), media_type="application/zip", headers=headers)


def _add_results(app: FastAPI, receipts: ReceiptService) -> None:
    @app.get("/results/{receipt:path}", **documents.RESULT)
    def result(receipt: str) -> JSONResponse:
        return JSONResponse(receipts.result(receipt).to_json())

    @app.delete("/results/{receipt:path}", **documents.DELETE)
    def delete(receipt: str) -> JSONResponse:
        receipts.delete(receipt)
        answer: dict[str, Any] = {"deleted": True, "error": None}
        return JSONResponse(answer)
