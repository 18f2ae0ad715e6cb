"""Documents of a stored result: the answer of `GET /api/v1/results/{receipt}`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from laanet_core.documents import AnalysisDocument, ModelDocument, Probability
from laanet_core.results import AnalysisResult, Verdict

# ISO 8601 with an offset, as in every other document.
IsoTime = Annotated[datetime, PlainSerializer(lambda moment: moment.isoformat(), return_type=str)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)


class ThresholdsDocument(_Document):
    """Calibration and thresholds in use when the file was judged."""

    temperature: float
    real_below: Probability
    fake_above: Probability


class FeedbackDocument(_Document):
    """A visitor's vote. `face` is 0 for the whole file; `region` is a grey PNG in base64."""

    created_at: IsoTime
    face: int
    vote: str
    note: str
    tags: list[str]
    region: str | None


class LaterScore(_Document):
    """Score of the same kept file by a later model."""

    created_at: IsoTime
    model: ModelDocument
    fake_prob: Probability
    verdict: Verdict


class ConsentDocument(_Document):
    """Time of the consent and version of its text."""

    given_at: IsoTime
    text_version: str


class KeptFileDocument(_Document):
    """Kept file: digest of its content without metadata, size and format."""

    sha256: str
    bytes: int
    format: str


class MediaDocument(_Document):
    """Uploaded file. `sha256` is of the file as it was uploaded; `fingerprints` are perceptual hashes in hex."""

    sha256: str
    fingerprints: list[str]
    consent: ConsentDocument | None
    kept_since: IsoTime | None
    kept: KeptFileDocument | None


class DecidedFace(_Document):
    """Moderators' decision on a face. `exact`: on this very file; otherwise on a near-duplicate."""

    face: int
    value: str
    how: str
    decided_at: IsoTime
    exact: bool


class DecisionDocument(_Document):
    """Moderators' decisions on the faces of a file."""

    faces: list[DecidedFace]


class FaceReliability(_Document):
    """How often faces with scores like this one's turned out to be fake."""

    face: int
    count: int
    fakes: int
    share: Probability
    interval: tuple[Probability, Probability]
    scores: tuple[Probability, Probability]


class ModerationOutcome(_Document):
    """Moderators' work on a result, by face number (0: the whole file).

    `decision` is None before any decision; a decision appears after the period in which it may be undone.
    `waiting`: faces without a decision. `reliability`: faces of which enough is known.
    """

    decision: DecisionDocument | None
    waiting: list[int]
    reliability: list[FaceReliability]


class StoredResult(_Document):
    """Everything that is stored under a receipt; its JSON has the keys of the analysis and these.

    `size`: width and height of the upright original. `thresholds`: None for results from before they were stored.
    `is_stable` (JSON: `held`): False if the verdict changed under lossy changes and counts as inconclusive; None if
    unchecked. `unstable_faces`: numbers of faces whose own verdict changed. `feedback`: oldest first. `notify`: the
    visitor wants to know the moderators' decision. `durable`: everything here is in a backup.
    """

    analysis: AnalysisResult = Field(exclude=True)
    created_at: IsoTime
    size: tuple[int, int] | None
    thresholds: ThresholdsDocument | None
    is_stable: bool | None = Field(serialization_alias="held")
    unstable_faces: list[int]
    feedback: list[FeedbackDocument]
    later_scores: list[LaterScore]
    notify: bool
    media: MediaDocument
    decision: DecisionDocument | None
    waiting: list[int]
    reliability: list[FaceReliability]
    durable: bool

    @model_serializer(mode="wrap")
    def _with_analysis(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {**AnalysisDocument.from_result(self.analysis).to_json(), **serialize(self)}

    def document(self) -> dict[str, Any]:
        """Return the JSON values."""
        return self.model_dump(mode="json", by_alias=True)
