"""The shapes of requests and answers, for /api/v1/openapi.json."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from laanet_core.documents import AnalysisDocument, ErrorDocument, ModelDocument, Probability
from laanet_core.results import Verdict
from webapp.domain.limits import KEY_LENGTHS, MAX_NOTE, MAX_REGION_BYTES, MAX_REGION_SIDE


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", title=None)


class ErrorAnswer(Shape):
    error: ErrorDocument


class Moment(Shape):
    time: float
    fake_prob: Probability
    person: str


class Analysed(AnalysisDocument):
    timeline: list[Moment] | None = Field(
        default=None, description="clips only: one entry per judged face and frame"
    )
    receipt: str | None = Field(
        description="keep it: it opens the result, and nothing else does. null: the result could not be stored"
    )
    kept: bool = Field(description="the file itself is kept, since `consent` was given")
    not_kept: Literal["store_full", "not_kept"] | None = Field(
        description="why it is not although `consent` was given"
    )


class Thresholds(Shape):
    temperature: float
    real_below: Probability
    fake_above: Probability


class GivenFeedback(Shape):
    created_at: str
    face: int
    vote: str
    note: str
    tags: list[str]
    region: str | None = Field(description="base64 of a grey PNG")


class LaterScore(Shape):
    created_at: str
    model: ModelDocument
    fake_prob: Probability
    verdict: Verdict


class GivenConsent(Shape):
    given_at: str
    text_version: str


class KeptFile(Shape):
    sha256: str = Field(description="of the file as it is kept, without metadata")
    bytes: int
    format: Literal["jpeg", "png", "webp", "mp4", "matroska", "avi"]


class Media(Shape):
    sha256: str = Field(description="of the file as it was given")
    fingerprints: list[str] = Field(
        description="perceptual hashes (64 bits, hex) of the picture, or of up to three frames"
    )
    consent: GivenConsent | None
    kept_since: str | None
    kept: KeptFile | None


class DecidedFace(Shape):
    face: int = Field(description="0 the whole file; from 1 on a picture's face or a clip's person")
    value: Literal["real", "fake", "cannot_tell", "unusable"]
    how: Literal["agreement", "majority", "adjudication"]
    decided_at: str
    exact: bool = Field(description="decided on this very file; false: on a near copy of it")


class Decided(Shape):
    faces: list[DecidedFace]


class MeasuredReliability(Shape):
    face: int
    count: int = Field(
        description="faces drawn at random, decided real or fake by moderators, that this model scored like this one"
    )
    fakes: int = Field(description="of them decided fake")
    share: Probability
    interval: tuple[Probability, Probability] = Field(description="of the share, 95 % (Wilson)")
    scores: tuple[Probability, Probability] = Field(description="the fake probabilities that count as alike")


class Result(AnalysisDocument):
    created_at: str
    size: tuple[int, int] | None = Field(description="width and height of the upright original")
    thresholds: Thresholds | None = Field(
        description="how scores became verdicts at the time; null for results from before they were kept"
    )
    held: bool | None = Field(
        description="whether the verdict of a picture stayed when it was compressed, halved and mirrored; false: it counts as "
        "inconclusive; null: not tried (the page does so after its answer), and for clips"
    )
    unstable_faces: list[int] = Field(
        description="numbers, from 1 on, of a picture's faces whose own verdicts did not stay, likewise"
    )
    feedback: list[GivenFeedback] = Field(description="oldest first; of several on one face the last counts")
    later_scores: list[LaterScore] = Field(description="what later models say")
    decision: Decided | None = Field(description="of moderators; null while there is none")
    waiting: list[int] = Field(description="the faces that moderators have still to decide about")
    reliability: list[MeasuredReliability] = Field(
        description="measured; only faces of which enough is known are in it"
    )
    notify: bool
    media: Media
    durable: bool = Field(
        description="the result and its votes are in a backup; false: they will be in the next one"
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
