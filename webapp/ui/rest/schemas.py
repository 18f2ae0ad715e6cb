"""The shapes of requests and answers, for /api/v1/openapi.json."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from laanet_core.documents import ErrorDocument, Probability
from webapp.domain.limits import KEY_LENGTHS, MAX_NOTE, MAX_REGION_BYTES, MAX_REGION_SIDE
from webapp.services.analysis.documents import StoredAnalysisDocument


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", title=None)


class ErrorAnswer(Shape):
    error: ErrorDocument


class Moment(Shape):
    time: float
    fake_prob: Probability
    person: str


class AnalyseAnswer(StoredAnalysisDocument):
    """Answer to `POST /analyse`."""

    timeline: list[Moment] | None = Field(
        default=None, description="clips only: one entry per judged face and frame"
    )


class Stored(Shape):
    stored: Literal[True]
    repeated: bool = Field(description="this very feedback had been stored before")
    error: None


class Deleted(Shape):
    deleted: Literal[True]
    error: None


class NewFeedback(Shape):
    face: StrictInt = Field(
        default=0, description="0 the whole file; from 1 on a picture's face or a clip's person"
    )
    vote: str = Field(description="agree, disagree or not_sure")
    note: str = Field(default="", description=f"kept byte for byte; at most {MAX_NOTE} characters")
    idempotency_key: str = Field(
        description=f"{KEY_LENGTHS[0]} to {KEY_LENGTHS[1]} characters; the same feedback sent twice is stored once"
    )
    tags: list[str] = Field(
        default=[], description="reasons: boundary, texture, lighting, teeth, eyes, temporal, other"
    )
    region: str | None = Field(
        default=None,
        description="base64 of a PNG of one channel, laid over the whole upright picture, not 0 where something is wrong; "
        f"at most {MAX_REGION_BYTES} bytes and {MAX_REGION_SIDE} pixels a side; pictures only",
    )
