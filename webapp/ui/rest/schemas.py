"""Requests and answers of the REST interface. `GET /api/v1/openapi.json` is generated from them."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.responses import Response

from laanet_core.documents import Document, ErrorDocument, Probability
from webapp.domain.errors import Refused
from webapp.domain.limits import KEY_LENGTHS, MAX_NOTE, MAX_REGION_BYTES, MAX_REGION_SIDE
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.analysis.documents import StoredAnalysisDocument
from webapp.services.results.feedback import Submission
from webapp.ui.render.timeline import rows as timeline_rows


class DocumentResponse(Response):
    """JSON of a pydantic model."""

    media_type = "application/json"

    def render(self, content: BaseModel) -> bytes:
        """Serialise the model with the documented keys."""
        return content.model_dump_json(by_alias=True).encode()


class ErrorAnswer(Document):
    """The answer to every request that fails."""

    error: ErrorDocument


class TimelinePoint(Document):
    """Score of one person's face in one frame."""

    time: float = Field(description="in seconds")
    fake_prob: Probability
    person: str


class AnalyseAnswer(StoredAnalysisDocument):
    """Result of the file that was sent."""

    timeline: Annotated[
        list[TimelinePoint] | None, Field(description="clips only: one entry per judged face and frame")
    ] = Field(default=None, exclude_if=lambda value: value is None)

    @classmethod
    def of(cls, analysis: StoredAnalysis) -> Self:
        """Build the answer of an analysis."""
        is_clip = analysis.result.kind == "video"
        points = [TimelinePoint.model_validate(row) for row in timeline_rows(analysis.result)]
        return cls.from_result(
            analysis.result,
            receipt=analysis.receipt,
            kept=analysis.is_kept,
            not_kept=analysis.not_kept,
            known=analysis.known,
            timeline=points if is_clip else None,
        )


class DeleteAnswer(Document):
    """Confirmation of a deletion."""

    deleted: Literal[True]
    error: None


class FeedbackAnswer(Document):
    """Confirmation of feedback."""

    stored: Literal[True]
    repeated: bool = Field(description="the same feedback with the same key was stored before")
    error: None


class FeedbackRequest(BaseModel):
    """A visitor's vote on a result."""

    model_config = ConfigDict(extra="forbid")

    face: StrictInt = Field(
        default=0, description="0 the whole file; from 1 on a picture's face or a clip's person"
    )
    vote: str = Field(description="agree, disagree or not_sure")
    note: str = Field(default="", description=f"stored unchanged; at most {MAX_NOTE} characters")
    idempotency_key: str = Field(
        description=f"{KEY_LENGTHS[0]} to {KEY_LENGTHS[1]} characters; "
        "the same feedback with the same key is stored once"
    )
    tags: list[str] = Field(
        default=[], description="reasons: boundary, texture, lighting, teeth, eyes, temporal, other"
    )
    region: str | None = Field(
        default=None,
        description="pictures only: base64 of a PNG of one channel that covers the whole upright picture and "
        f"is not 0 where something is wrong; at most {MAX_REGION_BYTES} bytes and {MAX_REGION_SIDE} pixels a "
        "side",
    )

    def submission(self, receipt: str) -> Submission:
        """Return the feedback for the service. Raises Refused: invalid_region."""
        return Submission(
            receipt=receipt,
            subject=self.face,
            vote=self.vote,
            note=self.note,
            idempotency_key=self.idempotency_key,
            tags=self.tags,
            region=_decode(self.region),
        )


def _decode(region: str | None) -> bytes | None:
    if region is None:
        return None
    try:
        return base64.b64decode(region, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("invalid_region", "The painted region is not base64.") from None
