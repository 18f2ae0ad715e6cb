"""Results as the visitor's browser stores them: receipt, time, state and a small picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from laanet_core.errors import UnreadableMedia
from laanet_core.results import AnalysisResult
from laanet_core.types import RGBImage
from webapp.services.analysis.analysed_media import AnalysedMedia
from webapp.services.results.documents import StoredResult
from webapp.texts.sentences import summarise
from webapp.ui.pages.analyse.session_state import AnalysedFile
from webapp.ui.render.picture import data_uri

# Longer side of the small picture, in pixels.
_SIDE = 96


def browser_results(job: str, files: list[AnalysedFile]) -> dict[str, Any]:
    """Return the value that lets the browser store the results of a job and forget its other receipts.

    `javascript/connection.js` notices the value by its name and passes it to `javascript/results.js`.
    """
    results = []
    for file in files:
        receipt = file.analysis.receipt
        if receipt is None:
            continue
        shown = file.shown_result()
        is_unstable = shown.verdict != file.analysis.result.verdict
        results.append(
            {
                "receipt": receipt,
                "created": file.analysis.created.isoformat(),
                "state": summarise(shown, unstable=is_unstable).state,
                "kind": shown.kind,
                "thumbnail": file.thumbnail,
            }
        )
    return {"lens_results": {"job": job, "results": results, "deleted": ""}}


def deleted_result(receipt: str) -> dict[str, Any]:
    """Return the value that lets the browser forget the receipt of a deleted result."""
    return {"lens_results": {"job": "", "results": [], "deleted": receipt}}


def opened_result(receipt: str, stored: StoredResult) -> dict[str, Any]:
    """Return the value that lets a browser that remembers a stored result learn its present state."""
    opened = {
        "receipt": receipt,
        "created": stored.created_at.isoformat(),
        "state": summarise(stored.analysis, unstable=stored.is_stable is False).state,
        "kind": stored.analysis.kind,
    }
    return {"lens_results": {"opened": opened}}


def thumbnail(media: AnalysedMedia, result: AnalysisResult) -> str:
    """Return a small picture of an analysed file as a data URI; "" if there is none."""
    try:
        if result.outcome == "rejected":
            return ""
        if result.kind == "image":
            return _small(media.picture())
        moments = media.moments(result, limit=1)
    except UnreadableMedia:
        return ""
    return _small(moments[0].rgb) if moments else ""


def _small(rgb: RGBImage) -> str:
    """Return pixels (H, W, 3) uint8 RGB as a JPEG of at most _SIDE pixels."""
    height, width = rgb.shape[:2]
    scale = min(_SIDE / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return data_uri(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8), ".jpg")
