"""JSON documents of a stored result: the answer of `GET /api/v1/results/{receipt}`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, InstanceOf, PlainSerializer

from laanet_core.documents import AnalysisDocument, Document, ModelDocument, Probability
from laanet_core.results import AnalysisResult, Verdict
from webapp.services.analysis_records.known_files import KnownFile

# ISO 8601 with an offset, as in every other document.
IsoTime = Annotated[datetime, PlainSerializer(lambda moment: moment.isoformat(), return_type=str)]


class ThresholdsDocument(Document):
    """Calibration and thresholds that were in use when the file was judged."""

    temperature: float
    real_below: Probability
    fake_above: Probability


class FeedbackDocument(Document):
    """A visitor's vote."""

    created_at: IsoTime
    face: int = Field(description="0 the whole file; from 1 on a picture's face or a clip's person")
    vote: str
    note: str
    tags: list[str]
    region: str | None = Field(description="base64 of a grey PNG")


class LaterScore(Document):
    """Score of the same kept file by a later model."""

    created_at: IsoTime
    model: ModelDocument
    fake_prob: Probability
    verdict: Verdict


class ConsentDocument(Document):
    """Visitor's consent: its time, and the version of its text."""

    given_at: IsoTime
    text_version: str


class KeptFileDocument(Document):
    """Kept file."""

    sha256: str = Field(description="of the file as it is kept, without metadata")
    bytes: int
    format: str = Field(description="jpeg, png, webp, mp4, matroska or avi")


class MediaDocument(Document):
    """Uploaded file."""

    sha256: str = Field(description="of the file as it was uploaded")
    fingerprints: list[str] = Field(
        description="perceptual hashes (64 bits, hex) of the picture, or of up to three frames"
    )
    consent: ConsentDocument | None
    kept_since: IsoTime | None
    kept: KeptFileDocument | None


class DecidedFace(Document):
    """Moderators' decision on a face."""

    face: int = Field(description="0 the whole file; from 1 on a picture's face or a clip's person")
    value: str = Field(description="real, fake, cannot_tell or unusable")
    how: str = Field(description="agreement, majority or adjudication")
    decided_at: IsoTime
    exact: bool = Field(description="decided on this very file; false: on a near-duplicate")


class DecisionDocument(Document):
    """Moderators' decisions on the faces of a file."""

    faces: list[DecidedFace]


class FaceReliability(Document):
    """Share of fakes among faces with scores like this one's."""

    face: int
    count: int = Field(
        description="faces drawn at random, decided real or fake by moderators, that this model scored alike"
    )
    fakes: int = Field(description="of them decided fake")
    share: Probability
    interval: tuple[Probability, Probability] = Field(description="of the share, 95 % (Wilson)")
    scores: tuple[Probability, Probability] = Field(description="range of fake probabilities that count")


class ModerationOutcome(Document):
    """Moderators' work on a result, by face number (0: the whole file)."""

    decision: DecisionDocument | None
    waiting: list[int]
    reliability: list[FaceReliability]


class StoredResult(AnalysisDocument):
    """Everything that is stored under a receipt. `analysis` is the result; the JSON has no such key."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    analysis: InstanceOf[AnalysisResult] = Field(exclude=True)
    created_at: IsoTime
    size: tuple[int, int] | None = Field(description="width and height of the upright original")
    thresholds: ThresholdsDocument | None = Field(
        description="in use at the time; null for results from before they were stored"
    )
    is_stable: bool | None = Field(
        alias="held",
        description="false: the verdict of a picture changed when it was compressed, halved or mirrored, and "
        "counts as inconclusive; null: not checked, and for clips",
    )
    unstable_faces: list[int] = Field(
        description="numbers, from 1 on, of a picture's faces whose own verdicts changed likewise"
    )
    feedback: list[FeedbackDocument] = Field(
        description="oldest first; of several on one face the last counts"
    )
    later_scores: list[LaterScore] = Field(description="by later models")
    notify: bool = Field(description="the visitor wants to know the moderators' decision")
    media: MediaDocument
    decision: DecisionDocument | None = Field(description="of moderators; null while there is none")
    waiting: list[int] = Field(description="faces that moderators have still to decide on")
    reliability: list[FaceReliability] = Field(description="only faces of which enough is known")
    known: Annotated[KnownFile | None, Field(description="earlier decisions; left out if there is none")] = (
        Field(default=None, exclude_if=lambda value: value is None)
    )
    durable: bool = Field(description="the result and its votes are in a backup")
