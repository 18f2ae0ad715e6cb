"""JSON document of a report.

Scores, probabilities and thresholds have four decimals, the digits of the PDF and of the page. Boxes are
(x1, y1, x2, y2) in pixels of the upright original.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from laanet_core.documents import (
    CoverageDocument,
    Document,
    ErrorDocument,
    FaceDocument,
    FileProvenanceDocument,
    ModelDocument,
    Probability,
    SegmentDocument,
    StabilityDocument,
    TrackDocument,
)
from laanet_core.results import Caution, Conflict, Kind, Outcome, Verdict
from webapp.services.label_quality.score_reliability import ReliabilityFigures

FORMAT = "laanet-lens-report"
# Increment this version if a key is renamed, removed or changes its meaning, but not for a new key
FORMAT_VERSION = 1

Box = tuple[float, float, float, float]
FaceNumber = Annotated[int, Field(ge=1, description="place in `faces`, as in the PDF of a photo")]
PersonNumber = Annotated[int, Field(ge=1, description="number of the person, as in the PDF")]


class SizeDocument(Document):
    """Width and height of the upright original in pixels."""

    width: int
    height: int


class FileDocument(Document):
    """Analysed file, without its name."""

    sha256: str = Field(description="of the file as it was uploaded")
    kind: Kind
    size: SizeDocument | None


class IdentityDocument(Document):
    """Number of a signed report, and the page that checks it."""

    id: str | None = Field(description="null if the server could not store the result")
    host: str | None = Field(description="address of the site; null if its operator has set none")
    page: str | None = Field(description="address of the page that checks the report")


class SignatureDocument(Document):
    """Signature of the report by the key of its host."""

    jws: str = Field(
        description="compact JWS (RFC 7515) with detached content: the report without `signature`, in the "
        "canonical form of RFC 8785; `kid` names a key of `/.well-known/laanet-lens-keys.json`"
    )


class ReportModel(ModelDocument):
    """Identity of the model, and the terms of its weights."""

    notice: str | None


class ThresholdRules(Document):
    """Decision rule: real below `real_below`, fake above `fake_above`, otherwise inconclusive.

    A calibrated probability is sigmoid(fake_logit / temperature). The probability of a file with several
    faces is that of `laanet_core.decision.group_logit`; if `group_power` is null, the highest face's.
    """

    temperature: float
    real_below: Probability
    fake_above: Probability
    min_face_size: int = Field(description="pixels")
    calibrated: bool
    group_power: float | None
    group_weight_exponent: float


class ReportFace(FaceDocument):
    """Face with its number, and in a video the number of its person."""

    number: FaceNumber
    person: PersonNumber | None


class ReportPerson(TrackDocument):
    """Person over a whole video."""

    person: PersonNumber


class ReportStability(StabilityDocument):
    """Stability check of one face; in a video of a face in the most suspicious frame."""

    number: FaceNumber


class ReportReliability(ReliabilityFigures):
    """Share of fakes among scores like those of one face, or of one person in a video.

    `count` faces were drawn at random, scored within `scores` by the same model, and decided by moderators.
    """

    number: int


class CropDocument(Document):
    """Face in close-up, 224 x 224 pixels."""

    jpeg: str = Field(description="base64")
    box: Box


class HeatmapDocument(Document):
    """Heatmap of a face, S/4 x S/4 grey pixels; 255 is 1."""

    png: str = Field(description="base64")
    box: Box


class ReportImage(Document):
    """Images of one judged face of a photo, or of a key frame of a video."""

    number: FaceNumber | None
    time: float | None = Field(description="of the frame, in seconds; null for a photo")
    crop: CropDocument
    heatmap: HeatmapDocument


class StatementModel(ModelDocument):
    """Identity of the model, without the terms of its weights."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ReportStatement(Document):
    """Facts of a report that its signature vouches for, in both formats.

    `outcome`, `verdict` and `fake_prob` are those before the stability check.
    """

    # A report of a later version may have more.
    model_config = ConfigDict(extra="ignore", frozen=True)

    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    language: str
    created: str = Field(description="ISO 8601 in UTC, to the second")
    report: IdentityDocument | None = None
    media: FileDocument
    model: StatementModel
    outcome: Outcome
    verdict: Verdict | None
    shown_verdict: Verdict | None = Field(description="verdict after the stability check, as on the page")
    fake_prob: Probability | None
    provenance: FileProvenanceDocument | None = Field(
        default=None, description="what the file says about its own origin; null in older PDF reports"
    )
    conflict: Conflict | None = Field(default=None, description="contradiction with it")


class ReportDocument(Document):
    """Report on one analysis.

    `outcome`, `verdict`, `fake_prob` and `error` are those before the stability check.
    """

    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    language: str = Field(description="of `limits`; everything else has no language")
    created: str = Field(description="ISO 8601 in UTC, to the second")
    report: Annotated[IdentityDocument | None, Field(description="signed reports only")] = Field(
        default=None, exclude_if=lambda value: value is None
    )
    media: FileDocument
    model: ReportModel
    decision: ThresholdRules
    outcome: Outcome
    verdict: Verdict | None
    fake_prob: Probability | None
    error: ErrorDocument | None
    cautions: list[Caution] = Field(description="not empty if only a part of the file was judged")
    shown_verdict: Verdict | None = Field(description="verdict after the stability check, as on the page")
    stability: list[ReportStability] | None = Field(description="null before the stability check")
    faces: list[ReportFace]
    tracks: Annotated[list[ReportPerson] | None, Field(description="videos only")] = Field(
        default=None, exclude_if=lambda value: value is None
    )
    segments: Annotated[
        list[SegmentDocument] | None, Field(description="videos only; null without coverage")
    ] = Field(default=None, exclude_if=lambda value: value is None)
    coverage: Annotated[CoverageDocument | None, Field(description="videos only")] = Field(
        default=None, exclude_if=lambda value: value is None
    )
    reliability: list[ReportReliability] = Field(
        description="only faces or persons with enough decided cases"
    )
    images: list[ReportImage]
    provenance: FileProvenanceDocument | None = Field(
        description="what the file says about its own origin; it never changes the verdict"
    )
    conflict: Conflict | None = Field(description="contradiction with it")
    limits: list[str] = Field(description="what the report can and cannot say")
    signature: Annotated[SignatureDocument | None, Field(description="signed reports only")] = Field(
        default=None, exclude_if=lambda value: value is None
    )
