"""Named Gradio endpoints for other programs (gradio_client); see the HTTP contract."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import cv2
import gradio as gr

from laanet_core.errors import Cancelled, UnreadableMedia
from laanet_core.inference.overlay import draw_overlay
from laanet_core.results import Kind
from laanet_core.types import RGBImage
from webapp.domain.errors import Refused
from webapp.security.tokens import new_key
from webapp.services.analysis.analysed_media import AnalysedMedia
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.analysis.service import Client
from webapp.services.results.feedback import FeedbackService, Submission
from webapp.services.results.receipts import ReceiptService
from webapp.ui.pages.events import ANALYSIS_QUEUE, places
from webapp.ui.render.timeline import rows as timeline_rows
from webapp.ui.services import Services

_MISSING = {"error": Refused("missing_file", "A file is needed.").to_json()}


def build(services: Services) -> None:
    """Add /analyse_image, /analyse_video, /submit_feedback, /result and /delete.

    No page shows them, and none of them keeps a file.
    """
    with gr.Column(visible=False):
        _add_analyses(services)
        _add_feedback(services.feedback)
        _add_receipts(services.receipts)


def _add_analyses(services: Services) -> None:
    """Add /analyse_image and /analyse_video. Both delete the upload after its analysis."""

    def analyse_image(file: str | None, request: gr.Request) -> tuple[Any, dict[str, Any]]:
        """Judge a picture.

        Returns the picture with heatmaps and boxes (or null), and the result of `predict --json` with its
        receipt.
        """
        if not file:
            return None, _MISSING
        path = Path(file)
        overlay = None
        media = services.evidence.open_media(path)
        try:
            analysed = _analyse(services, request, path, only="image", media=media)
            if analysed.result.outcome != "rejected":
                # If the pixels cannot be read again, the stored result is returned without an overlay.
                with contextlib.suppress(UnreadableMedia):
                    photo = media.photo(analysed.result)
                    overlay = _write_png(draw_overlay(photo.rgb, photo.faces), services.settings.cache)
                    services.uploads.attach(analysed.receipt, overlay)
        finally:
            media.release()
        services.uploads.drop(path)
        shown_overlay = None if overlay is None else str(overlay)
        return shown_overlay, analysed.document().to_json()

    def analyse_video(
        file: str | None, request: gr.Request
    ) -> tuple[dict[str, Any], list[dict[str, float | str]]]:
        """Judge a clip. Returns the result with its receipt, and a timeline of {time, fake_prob, person}."""
        if not file:
            return _MISSING, []
        path = Path(file)
        analysed = _analyse(services, request, path, only="video")
        services.uploads.drop(path)
        return analysed.document().to_json(), timeline_rows(analysed.result)

    file = gr.File(type="filepath", label="file")
    picture = gr.Image(format="png", label="overlay")
    result = gr.JSON(label="result")
    timeline = gr.JSON(label="timeline")
    limits: dict[str, Any] = {
        "concurrency_id": ANALYSIS_QUEUE,
        "concurrency_limit": places(services.settings),
    }
    gr.Button().click(analyse_image, file, [picture, result], api_name="analyse_image", **limits)
    gr.Button().click(analyse_video, file, [result, timeline], api_name="analyse_video", **limits)


def _analyse(
    services: Services, request: gr.Request, path: Path, *, only: Kind, media: AnalysedMedia | None = None
) -> StoredAnalysis:
    """Analyse a program's file until the program leaves. The parameters are those of the service."""
    job = new_key()
    try:
        with services.presence.awaiting(request.session_hash or job, job) as attempt:
            client = Client(attempt.is_present)
            return services.analysis.analyse(path, only=only, media=media, job=attempt.key, client=client)
    except Cancelled as error:
        services.uploads.drop(path)
        # The program has left, so the message reaches a log at most.
        raise gr.Error("The analysis was stopped.", print_exception=False) from error


def _write_png(rgb: RGBImage, cache: Path) -> Path:
    """Write a picture (H, W, 3) uint8 RGB to a new folder that Gradio serves, and return its path.

    The folder is swept like the uploads. Raises OSError.
    """
    path = Path(tempfile.mkdtemp(dir=cache)) / "overlay.png"
    if not cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)):
        raise OSError(f"could not write {path}")
    return path


def _add_feedback(feedback: FeedbackService) -> None:
    def submit_feedback(
        receipt: str, face: float, vote: str, note: str, idempotency_key: str
    ) -> dict[str, Any]:
        """Vote on a result; face 0 is the whole file. Returns {"stored", "repeated", "error"}."""
        try:
            is_new = feedback.submit(
                Submission(
                    receipt=str(receipt),
                    subject=_parse_face(face),
                    vote=str(vote),
                    note=str(note or ""),
                    idempotency_key=str(idempotency_key),
                )
            )
        except Refused as refusal:
            return {"stored": False, "repeated": False, "error": refusal.to_json()}
        return {"stored": True, "repeated": not is_new, "error": None}

    receipt = gr.Textbox(label="receipt")
    face = gr.Number(label="face")
    vote = gr.Textbox(label="vote")
    note = gr.Textbox(label="note")
    key = gr.Textbox(label="idempotency_key")
    stored = gr.JSON(label="stored")
    gr.Button().click(submit_feedback, [receipt, face, vote, note, key], stored, api_name="submit_feedback")


def _parse_face(face: object) -> int:
    """Return the number of a face. Raises Refused: unknown_face."""
    refusal = Refused("unknown_face", "The face must be a whole number; 0 is the whole file.")
    # Python counts True and False as numbers.
    if isinstance(face, bool) or not isinstance(face, (int, float)):
        raise refusal
    if not float(face).is_integer():
        raise refusal
    return int(face)


def _add_receipts(receipts: ReceiptService) -> None:
    def result(receipt: str) -> dict[str, Any]:
        """Return the stored result as `GET /api/v1/results/{receipt}` does.

        An unknown receipt gives {"error": {"code", "message"}}.
        """
        try:
            return receipts.result(str(receipt)).to_json()
        except Refused as refusal:
            return {"error": refusal.to_json()}

    def delete(receipt: str) -> dict[str, Any]:
        """Delete all that is stored under a receipt. Returns {"deleted", "error"}."""
        try:
            receipts.delete(str(receipt))
        except Refused as refusal:
            return {"deleted": False, "error": refusal.to_json()}
        return {"deleted": True, "error": None}

    receipt = gr.Textbox(label="receipt")
    record = gr.JSON(label="result")
    deleted = gr.JSON(label="deleted")
    gr.Button().click(result, receipt, record, api_name="result")
    gr.Button().click(delete, receipt, deleted, api_name="delete")
