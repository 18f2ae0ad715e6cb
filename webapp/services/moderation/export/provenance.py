"""A decision with all that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from laanet_core.types import Box
from webapp.db.tables import CaseItem, Consent, Decision, Label, Media
from webapp.domain.enums import Stage, Tag
from webapp.services.analysis_records.subjects import WHOLE_FILE, faces_of


@dataclass(frozen=True)
class ExportedRegion:
    """A region as a grey PNG over the whole upright picture, or over a clip's frame at `time` seconds."""

    png: bytes
    time: float | None


@dataclass(frozen=True)
class ExportedLabel:
    """What a moderator said. Notes stay in the database: words may name somebody."""

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

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "moderator": self.moderator,
            "stage": self.stage,
            "value": self.value,
            "confidence": self.confidence,
            "tags": list(self.tags),
            "created_at": self.created_at.isoformat(),
            "seconds": round(self.seconds, 1),
            "revealed_model_sha256": self.model_sha256,
            "painted": self.region is not None,
        }


@dataclass(frozen=True)
class ExportedMedia:
    """The file that was looked at, as it lies in the store."""

    sha256: str
    name: str
    format: str
    orientation: int


@dataclass(frozen=True)
class ExportedDecision:
    """`subject`: 0 the whole file, from 1 on a picture's face or a clip's person. `boxes` in pixels of the upright original, each with its
    time in seconds (None for pictures). `deciding`: the labels that made it.
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
    model: Mapping[str, str]
    fake_prob: float | None
    labels: tuple[ExportedLabel, ...]
    deciding: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "case": self.case,
            "face": self.subject,
            "value": self.value,
            "how": self.how,
            "opened_at": self.opened_at.isoformat(),
            "decided_at": self.decided_at.isoformat(),
            "reasons": list(self.reasons),
            "audited": self.audited,
            "label_ids": list(self.deciding),
            "kind": self.kind,
            "media_sha256": self.media.sha256,
            "given_sha256": self.given_sha256,
            "size": None if self.size is None else list(self.size),
            "boxes": [{"time": time, "box": [round(value, 1) for value in box]} for time, box in self.boxes],
            "model": dict(self.model),
            "fake_prob": None if self.fake_prob is None else round(self.fake_prob, 4),
            "labels": [label.to_json() for label in self.labels],
        }


def provenance(decision: Decision) -> ExportedDecision | None:
    """None where the file it was decided on is gone: then nobody can tell any more what it was about."""
    case = decision.case
    shown = next(
        (
            (item, held)
            for item in case.items
            if (held := _held(item)) and held[1].sha256 == decision.media_sha256
        ),
        None,
    )
    if shown is None:
        return None
    item, (consent, media) = shown
    labels = tuple(
        _given(label)
        for label in case.labels
        if label.withdrawn_at is None and label.created_at <= decision.decided_at
    )
    analysis = item.analysis
    # a decision about the whole file has no boxes: no moderator said which face it is of
    faces = [] if item.subject == WHOLE_FILE else faces_of(analysis, item.subject)
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
        size=None if not analysis.width or not analysis.height else (analysis.width, analysis.height),
        boxes=tuple((face.time, (face.x1, face.y1, face.x2, face.y2)) for face in faces),
        model={
            "name": analysis.model_name,
            "version": analysis.model_version,
            "sha256": analysis.model_sha256,
        },
        fake_prob=item.fake_prob,
        labels=labels,
        deciding=tuple(label.id for label in labels if label.stage == _deciding_stage(decision)),
    )


def _held(item: CaseItem) -> tuple[Consent, Media] | None:
    consent = item.analysis.consent
    return None if consent is None or consent.media is None else (consent, consent.media)


def _deciding_stage(decision: Decision) -> str:
    return Stage.ADJUDICATION if decision.how == "adjudication" else Stage.FINAL


def _given(label: Label) -> ExportedLabel:
    said = {tag.tag for tag in label.tags}
    return ExportedLabel(
        label.id,
        label.account.pseudonym,
        label.stage,
        label.value,
        label.confidence,
        tuple(str(tag) for tag in Tag if tag in said),
        label.created_at,
        label.seconds,
        label.model_sha256,
        None if label.region is None else ExportedRegion(label.region.png, label.region.time),
    )
