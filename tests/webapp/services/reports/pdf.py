"""Text and pixels of a PDF, and reports on hand-made results."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdf
import pypdfium2

from laanet_core.decision import DecisionConfig
from laanet_core.results import AnalysisResult, ErrorInfo
from tests.webapp.sample_results import PHOTO, without_faces
from webapp.services.reports.content import Report

CREATED = datetime(2026, 11, 25, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=1)))
SHA256 = hashlib.sha256(b"the file").hexdigest()
GREY: npt.NDArray[np.uint8] = np.full((80, 100, 3), 120, np.uint8)
REJECTED = without_faces(PHOTO, "rejected", error=ErrorInfo("corrupt_image", "It is damaged."), size=None)


def report_on(result: AnalysisResult, decision: DecisionConfig | None = None, **changes: Any) -> Report:
    """Return a report with fixed hash and time."""
    return Report(result, decision or DecisionConfig(), SHA256, CREATED, **changes)


def text_of(pdf: bytes) -> str:
    """Return the text of all pages, with every run of white space as one space."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def squeezed(text: str) -> str:
    """Return `text` without white space, because a PDF breaks lines anywhere."""
    return "".join(text.split())


def pages_of(pdf: bytes) -> list[npt.NDArray[np.uint8]]:
    """Return the pixels (H, W, 3) uint8 of every page, one per point."""
    return [np.asarray(page.render(scale=1).to_pil().convert("RGB")) for page in pypdfium2.PdfDocument(pdf)]
