"""Decisions with their provenance: labels, kept file, and the model with its score."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from laanet_core.types import Box
from webapp.db.tables import CaseItem, Consent, Decision, Label, Media
from webapp.domain.enums import Stage, Tag
from webapp.services.analysis_records.subjects import WHOLE_FILE, judged_faces_of
from webapp.services.moderation.decision_rule import ADJUDICATION


class _ExportDocument(BaseModel):
    model_config = ConfigDict(frozen=True)


class LabelDocument(_ExportDocument):
    """JSON of a label. `moderator` is a pseudonym. `seconds`: time from taking the case to this label."""

    id: int
    moderator: str
    stage: str
    value: str
    confidence: int
    tags: list[str]
    created_at: str
    seconds: float
    revealed_model_sha256: str | None
    painted: bool


class TimedBox(_ExportDocument):
    """Box (x1, y1, x2, y2) in pixels of the upright original; `time` of a clip's frame in seconds."""

    time: float | None
    box: list[float]


class ModelReference(_ExportDocument):
    """Model that scored a face."""

    name: str
    version: str
    sha256: str


class ProvenanceDocument(_ExportDocument):
    """JSON of an exported decision."""

    case: str
    face: int
    value: str
    how: str
    opened_at: str
    decided_at: str
    reasons: list[str]
    audited: bool
    label_ids: list[int]
    kind: str
    media_sha256: str
    given_sha256: str
    size: list[int] | None
    boxes: list[TimedBox]
    model: ModelReference
    fake_prob: float | None
    labels: list[LabelDocument]


@dataclass(frozen=True)
class ExportedRegion:
    """Painted region: a grey PNG over the whole upright picture, or over a clip's frame at `time` seconds."""

    png: bytes
    time: float | None


@dataclass(frozen=True)
class ExportedLabel:
    """A moderator's label without its note, because a note may name a person. `moderator` is a pseudonym."""

    id: int
    moderator: str
    stage: str
    value: str
    confidence: int
    tags: tuple[str, ...]
    created_at: datetime
    seconds: float
    model_sha256: str | None
    region: ExportedRegion | None

    def document(self) -> LabelDocument:
        """Return the label as JSON lines have it."""
        return LabelDocument(
            id=self.id,
            moderator=self.moderator,
            stage=self.stage,
            value=self.value,
            confidence=self.confidence,
            tags=list(self.tags),
            created_at=self.created_at.isoformat(),
            seconds=round(self.seconds, 1),
            revealed_model_sha256=self.model_sha256,
            painted=self.region is not None,
        )


@dataclass(frozen=True)
class ExportedMedia:
    """Kept file that the moderators saw, as it lies in the store."""

    sha256: str
    name: str
    format: str
    orientation: int


@dataclass(frozen=True)
class ExportedDecision:
    """A standing decision and everything that it rests on.

    `subject`: 0 the whole file, from 1 a picture's face or a clip's person. `boxes`: (time in seconds, box)
    pairs in pixels of the upright original; time is None for pictures. `deciding_ids`: ids of the labels that
    made the decision. `given_sha256`: the uploaded file, while `media` is the kept one.
    """

    case: str
    subject: int
    value: str
    how: str
    opened_at: datetime
    decided_at: datetime
    reasons: tuple[str, ...]
    audited: bool
    kind: str
    media: ExportedMedia
    given_sha256: str
    size: tuple[int, int] | None
    boxes: tuple[tuple[float | None, Box], ...]
    model: ModelReference
    fake_prob: float | None
    labels: tuple[ExportedLabel, ...]
    deciding_ids: tuple[int, ...]

    @property
    def deciding_labels(self) -> list[ExportedLabel]:
        """Return the labels that made the decision."""
        return [label for label in self.labels if label.id in self.deciding_ids]

    @property
    def photo_box(self) -> Box:
        """Return the box of a photo's decided face. Raises IndexError if there is none."""
        _, box = self.boxes[0]
        return box

    def document(self) -> ProvenanceDocument:
        """Return the decision as JSON lines have it."""
        return ProvenanceDocument(
            case=self.case,
            face=self.subject,
            value=self.value,
            how=self.how,
            opened_at=self.opened_at.isoformat(),
            decided_at=self.decided_at.isoformat(),
            reasons=list(self.reasons),
            audited=self.audited,
            label_ids=list(self.deciding_ids),
            kind=self.kind,
            media_sha256=self.media.sha256,
            given_sha256=self.given_sha256,
            size=None if self.size is None else list(self.size),
            boxes=[
                TimedBox(time=time, box=[round(coordinate, 1) for coordinate in box])
                for time, box in self.boxes
            ],
            model=self.model,
            fake_prob=None if self.fake_prob is None else round(self.fake_prob, 4),
            labels=[label.document() for label in self.labels],
        )


def provenance(decision: Decision) -> ExportedDecision | None:
    """Return a decision with its provenance, None if the file that it was made on is gone."""
    case = decision.case
    source = _source(decision)
    if source is None:
        return None
    item, consent, media = source
    analysis = item.analysis
    standing_labels = [label for label in case.labels if label.withdrawn_at is None]
    labels = tuple(
        _exported_label(label) for label in standing_labels if label.created_at <= decision.decided_at
    )
    deciding_stage = Stage.ADJUDICATION if decision.how == ADJUDICATION else Stage.FINAL
    # A decision on the whole file has no boxes, because no moderator named its face.
    faces = [] if item.subject == WHOLE_FILE else judged_faces_of(analysis, item.subject)
    size = (analysis.width, analysis.height) if analysis.width and analysis.height else None
    return ExportedDecision(
        case=case.public_id,
        subject=item.subject,
        value=decision.value,
        how=decision.how,
        opened_at=case.opened_at,
        decided_at=decision.decided_at,
        reasons=tuple(sorted({other.reason for other in case.items})),
        audited=case.audited,
        kind=analysis.kind,
        media=ExportedMedia(media.sha256, media.name, media.format, consent.orientation),
        given_sha256=analysis.media_sha256,
        size=size,
        boxes=tuple((face.time, (face.x1, face.y1, face.x2, face.y2)) for face in faces),
        model=ModelReference(
            name=analysis.model_name, version=analysis.model_version, sha256=analysis.model_sha256
        ),
        fake_prob=item.fake_prob,
        labels=labels,
        deciding_ids=tuple(label.id for label in labels if label.stage == deciding_stage),
    )


def _source(decision: Decision) -> tuple[CaseItem, Consent, Media] | None:
    """Return the case's item whose kept file the moderators saw, with its consent and file."""
    for item in decision.case.items:
        consent = item.analysis.consent
        media = None if consent is None else consent.media
        if consent is not None and media is not None and media.sha256 == decision.media_sha256:
            return item, consent, media
    return None


def _exported_label(label: Label) -> ExportedLabel:
    """Return a label without its note. Tags are in the order of Tag."""
    stored_tags = {tag.tag for tag in label.tags}
    region = label.region
    return ExportedLabel(
        id=label.id,
        moderator=label.account.pseudonym,
        stage=label.stage,
        value=label.value,
        confidence=label.confidence,
        tags=tuple(str(tag) for tag in Tag if tag in stored_tags),
        created_at=label.created_at,
        seconds=label.seconds,
        model_sha256=label.model_sha256,
        region=None if region is None else ExportedRegion(region.png, region.time),
    )
