"""JSON documents of an analysis, as printed by `predict --json` and returned over HTTP.

Each model is built from its dataclass in `results.py`. Scores and probabilities have four decimals, box
coordinates one. Importing this module imports pydantic, so only code that produces JSON should do so.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator

from laanet_core.results import (
    MAX_STATEMENT,
    AnalysisResult,
    Caution,
    Conflict,
    Coverage,
    ErrorInfo,
    FaceQuality,
    FaceResult,
    InferencePrecision,
    Kind,
    ModelInfo,
    NotJudgedReason,
    Outcome,
    Provenance,
    ProvenancePlace,
    ProvenanceSource,
    ProvenanceStatus,
    ProvenanceSubject,
    RuntimeInfo,
    RuntimeName,
    Segment,
    Stability,
    TrackResult,
    Variant,
    Verdict,
)

Probability = Annotated[float, Field(ge=0, le=1)]
# Text from a file, bounded and on one line (`media.source_types.short_text`).
StatementText = Annotated[str, Field(min_length=1, max_length=MAX_STATEMENT)]

# Keys that are left out of the JSON, instead of being null, if they have no value.
_omitted_if_none = Field(default=None, exclude_if=lambda value: value is None)


class Document(BaseModel):
    """Base of all JSON documents: immutable, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def to_json(self) -> dict[str, Any]:
        """Return the document as an object of plain JSON values, keys in the documented order."""
        return self.model_dump(mode="json")


class ErrorDocument(Document):
    """Reason for which a file was rejected."""

    code: str = Field(description="Stable; see the operation's description.")
    message: str = Field(description="One plain sentence; may change.")

    @classmethod
    def from_info(cls, error: ErrorInfo) -> Self:
        """Build the document of an error."""
        return cls(code=error.code, message=error.message)


class ModelDocument(Document):
    """Identity of the model."""

    name: str
    version: str
    sha256: str = Field(description="of the weights file")

    @classmethod
    def from_info(cls, model: ModelInfo) -> Self:
        """Build the document of a model."""
        return cls(name=model.name, version=model.version, sha256=model.sha256)


class RuntimeDocument(Document):
    """Runtime that ran the network."""

    name: RuntimeName = Field(description="engine that ran the network")
    precision: InferencePrecision
    device: Literal["cpu", "cuda", "mps"]

    @classmethod
    def from_info(cls, runtime: RuntimeInfo) -> Self:
        """Build the document of a runtime."""
        return cls.model_validate(
            {"name": runtime.name, "precision": runtime.precision, "device": runtime.device}
        )


class QualityDocument(Document):
    """Measures of a found face that decide whether it is judged."""

    side: float = Field(description="shorter side of the box, in pixels of the upright original")
    sharpness: Probability = Field(description="scale-free; near 0 for a blurred face")
    inside: Probability = Field(description="share of the face that lies inside the picture")
    roll: float = Field(description="turn in the picture's plane in degrees, clockwise positive")
    detection_prob: Probability

    @classmethod
    def from_quality(cls, quality: FaceQuality) -> Self:
        """Build the document of a face's quality."""
        return cls(
            side=round(quality.side, 1),
            sharpness=round(quality.sharpness, 4),
            inside=round(quality.inside, 4),
            roll=round(quality.roll, 1),
            detection_prob=round(quality.detection_prob, 4),
        )


class FaceDocument(Document):
    """One face of a picture, or of one frame of a clip."""

    box: tuple[float, float, float, float] = Field(
        description="x1, y1, x2, y2 in pixels of the upright original"
    )
    detection_prob: Probability
    fake_logit: float | None = Field(description="null for a face that is not judged")
    fake_prob: Probability | None = Field(description="calibrated")
    verdict: Verdict | None
    time: float | None = Field(description="of the frame, in seconds; null for pictures")
    track: int | None = Field(description="numbers one person's face through a clip")
    judged: bool = Field(description="a face that is not judged never decides over the file")
    not_judged: NotJudgedReason | None = Field(
        description="reason for which the face is not judged; null also for a face beyond the number that is "
        "judged of one file (caution `not_all_faces`)"
    )
    quality: QualityDocument | None = Field(description="null if the box was given instead of found")

    @classmethod
    def from_result(cls, face: FaceResult, **fields: Any) -> Self:
        """Build the document of a face; `fields` are those that a subclass adds."""
        x1, y1, x2, y2 = (round(value, 1) for value in face.box)
        return cls(
            box=(x1, y1, x2, y2),
            detection_prob=round(face.detection_prob, 4),
            fake_logit=_rounded(face.fake_logit),
            fake_prob=_rounded(face.fake_prob),
            verdict=face.verdict,
            time=_rounded(face.time, 3),
            track=face.track,
            judged=face.is_judged,
            not_judged=face.not_judged,
            quality=None if face.quality is None else QualityDocument.from_quality(face.quality),
            **fields,
        )


class TrackDocument(Document):
    """One person's face through a clip."""

    track: int
    frames: int = Field(description="number of frames on which the face was judged")
    fake_logit: float
    fake_prob: Probability
    verdict: Verdict

    @classmethod
    def from_result(cls, track: TrackResult, **fields: Any) -> Self:
        """Build the document of a track; `fields` are those that a subclass adds."""
        return cls(
            track=track.track,
            frames=track.frames,
            fake_logit=round(track.fake_logit, 4),
            fake_prob=round(track.fake_prob, 4),
            verdict=track.verdict,
            **fields,
        )


class SegmentDocument(Document):
    """Passage of a track without a change of the verdict."""

    model_config = ConfigDict(serialize_by_alias=True)

    start: float = Field(
        serialization_alias="from",
        validation_alias=AliasChoices("from", "start"),
        description="in seconds of the clip",
    )
    end: float = Field(
        serialization_alias="to",
        validation_alias=AliasChoices("to", "end"),
        description="in seconds of the clip",
    )
    track: int
    fake_prob: Probability = Field(description="calibrated, over the passage")
    verdict: Verdict

    @classmethod
    def from_result(cls, segment: Segment) -> Self:
        """Build the document of a segment."""
        return cls(
            start=round(segment.start, 3),
            end=round(segment.end, 3),
            track=segment.track,
            fake_prob=round(segment.fake_prob, 4),
            verdict=segment.verdict,
        )


class CoverageDocument(Document):
    """Part of a clip that was looked at."""

    frames_judged: int = Field(description="number of frames that were searched for faces")
    seconds_covered: float = Field(description="part of the clip that these frames stand for")
    seconds: float = Field(description="length of the clip")

    @classmethod
    def from_result(cls, coverage: Coverage) -> Self:
        """Build the document of a clip's coverage."""
        return cls(
            frames_judged=coverage.frames_judged,
            seconds_covered=round(coverage.seconds_covered, 3),
            seconds=round(coverage.seconds, 3),
        )


class ProvenanceSourceDocument(Document):
    """One statement of a file about its origin."""

    where: ProvenancePlace = Field(description="part of the file; only `c2pa` is signed")
    what: ProvenanceSubject
    says: StatementText

    @field_validator("says")
    @classmethod
    def _is_printable(cls, text: str) -> str:
        return _printable(text)


class FileProvenanceDocument(Document):
    """Statements of a file about its own origin. Without valid credentials they are easily forged."""

    status: ProvenanceStatus = Field(
        description="state of the Content Credentials (C2PA): `none` is the normal case and proves nothing; "
        "`valid_untrusted`: the signature fits the file, but the signer is not on the trust list"
    )
    issuer: StatementText | None = Field(description="organisation in the signer's certificate")
    generator: StatementText | None = Field(description="program that made or signed the file")
    digital_source_type: StatementText | None = Field(description="code of IPTC's vocabulary")
    ai_generated: bool | None = Field(
        description="true: the file says that AI made it or a part of it; null: it does not say"
    )
    captured_by_camera: bool | None = Field(description="true: the file says that a camera took it")
    sources: list[ProvenanceSourceDocument] = Field(
        max_length=16, description="each statement, with the part of the file that makes it"
    )

    @field_validator("issuer", "generator", "digital_source_type")
    @classmethod
    def _is_printable(cls, text: str | None) -> str | None:
        return None if text is None else _printable(text)

    @classmethod
    def from_result(cls, provenance: Provenance) -> Self:
        """Build the document of a file's provenance."""
        return cls(
            status=provenance.status,
            issuer=provenance.issuer,
            generator=provenance.generator,
            digital_source_type=provenance.digital_source_type,
            ai_generated=provenance.ai_generated,
            captured_by_camera=provenance.captured_by_camera,
            sources=[
                ProvenanceSourceDocument(where=source.where, what=source.what, says=source.says)
                for source in provenance.sources
            ],
        )

    def to_result(self) -> Provenance:
        """Return the provenance that the document states."""
        return Provenance(
            status=self.status,
            issuer=self.issuer,
            generator=self.generator,
            digital_source_type=self.digital_source_type,
            ai_generated=self.ai_generated,
            captured_by_camera=self.captured_by_camera,
            sources=tuple(ProvenanceSource(one.where, one.what, one.says) for one in self.sources),
        )


class AnalysisDocument(Document):
    """Result for one picture or clip.

    It has no key `path`: Gradio's client takes every object with a `path` for a file and tries to download
    it.
    """

    kind: Kind
    outcome: Outcome = Field(
        description="`no_face` also if every find is `not_a_face`; `face_too_small` if faces were found but "
        "none is judged: see each face's `not_judged`"
    )
    verdict: Verdict | None
    fake_prob: Probability | None = Field(description="calibrated, for the whole file")
    faces: list[FaceDocument]
    tracks: Annotated[list[TrackDocument] | None, Field(description="clips only")] = _omitted_if_none
    segments: Annotated[
        list[SegmentDocument] | None,
        Field(description="clips only, in order of time; not in results without coverage"),
    ] = _omitted_if_none
    coverage: Annotated[
        CoverageDocument | None, Field(description="clips only; not in rejected or older results")
    ] = _omitted_if_none
    model: ModelDocument
    seconds: float = Field(description="wall time of the analysis")
    error: ErrorDocument | None
    cautions: list[Caution] = Field(
        description="not empty if only a part of the file was judged: the clip is cut short, damaged parts "
        "of it were skipped, only the first of several pictures was judged, or not all faces or frames were"
    )
    runtime: Annotated[RuntimeDocument | None, Field(description="not in stored results")] = _omitted_if_none
    provenance: FileProvenanceDocument | None = Field(
        description="what the file says about its own origin; null: it was not read, or a "
        "rejected file states nothing. It never changes the verdict"
    )
    conflict: Conflict | None = Field(
        description="contradiction between the file's own statements, or between them and the verdict"
    )

    @classmethod
    def from_result(cls, result: AnalysisResult, **fields: Any) -> Self:
        """Build the document of a result; `fields` are those that a subclass adds."""
        is_clip = result.kind == "video"
        coverage = result.coverage
        segments = [SegmentDocument.from_result(segment) for segment in result.segments]
        return cls(
            kind=result.kind,
            outcome=result.outcome,
            verdict=result.verdict,
            fake_prob=_rounded(result.fake_prob),
            faces=[FaceDocument.from_result(face) for face in result.faces],
            tracks=[TrackDocument.from_result(track) for track in result.tracks] if is_clip else None,
            segments=None if coverage is None else segments,
            coverage=None if coverage is None else CoverageDocument.from_result(coverage),
            model=ModelDocument.from_info(result.model),
            seconds=round(result.seconds, 3),
            error=None if result.error is None else ErrorDocument.from_info(result.error),
            cautions=list(result.cautions),
            runtime=None if result.runtime is None else RuntimeDocument.from_info(result.runtime),
            provenance=None
            if result.provenance is None
            else FileProvenanceDocument.from_result(result.provenance),
            conflict=result.conflict,
            **fields,
        )


class VariantDocument(Document):
    """Score of a face after one lossy change to its picture."""

    name: str
    fake_logit: float | None
    fake_prob: Probability | None
    verdict: Verdict | None
    compared_to: Verdict
    opposite: bool

    @classmethod
    def from_result(cls, variant: Variant) -> Self:
        """Build the document of a variant."""
        return cls(
            name=variant.name,
            fake_logit=_rounded(variant.fake_logit),
            fake_prob=_rounded(variant.fake_prob),
            verdict=variant.verdict,
            compared_to=variant.compared_to,
            opposite=variant.opposite,
        )


class StabilityDocument(Document):
    """Stability check of one face."""

    variants: list[VariantDocument]
    stable: bool
    verdict: Verdict

    @classmethod
    def from_result(cls, stability: Stability, **fields: Any) -> Self:
        """Build the document of a stability check; `fields` are those that a subclass adds."""
        return cls(
            variants=[VariantDocument.from_result(variant) for variant in stability.variants],
            stable=stability.stable,
            verdict=stability.verdict,
            **fields,
        )


def _printable(text: str) -> str:
    """Return a text from a file. Raises ValueError if it was not shortened and cleaned."""
    if not text.isprintable():
        raise ValueError("not a printable text on one line")
    return text


def _rounded(value: float | None, decimals: int = 4) -> float | None:
    return None if value is None else round(value, decimals)
