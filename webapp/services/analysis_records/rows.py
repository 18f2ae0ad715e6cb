"""Mapping between analysis results and database rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from laanet_core.decision import DecisionConfig, aggregate_tracks
from laanet_core.documents import FileProvenanceDocument
from laanet_core.results import (
    AnalysisResult,
    Conflict,
    Coverage,
    ErrorInfo,
    FaceQuality,
    FaceResult,
    Kind,
    ModelInfo,
    NotJudgedReason,
    Outcome,
    Provenance,
    Segment,
    Verdict,
    ordered_cautions,
)
from webapp.db.near_duplicates import fingerprint_row
from webapp.db.tables import Analysis, Face, SegmentRow


@dataclass(frozen=True)
class AnalysisRecord:
    """Everything that is stored of an analysis, except its receipt.

    `decision` has the thresholds in use, `media_sha256` is the digest of the file as it was uploaded and
    `fingerprints` are 64-bit perceptual hashes of the picture or of up to three frames.
    """

    result: AnalysisResult
    decision: DecisionConfig
    media_sha256: str
    fingerprints: Sequence[int]
    created: datetime


def row_of(record: AnalysisRecord, receipt_hash: str) -> Analysis:
    """Return a new row, with its faces and fingerprints, that is in no session yet."""
    result = record.result
    decision = record.decision
    width, height = result.size or (None, None)
    coverage = result.coverage
    return Analysis(
        receipt_hash=receipt_hash,
        created_at=record.created,
        media_sha256=record.media_sha256,
        kind=result.kind,
        outcome=result.outcome,
        verdict=result.verdict,
        fake_prob=result.fake_prob,
        error_code=result.error.code if result.error else None,
        error_message=result.error.message if result.error else None,
        width=width,
        height=height,
        seconds=result.seconds,
        cautions=",".join(result.cautions),
        model_name=result.model.name,
        model_version=result.model.version,
        model_sha256=result.model.sha256,
        temperature=decision.temperature,
        real_below=decision.real_below,
        fake_above=decision.fake_above,
        frames_judged=None if coverage is None else coverage.frames_judged,
        seconds_covered=None if coverage is None else coverage.seconds_covered,
        clip_seconds=None if coverage is None else coverage.seconds,
        provenance=None if result.provenance is None else _provenance_json(result.provenance),
        conflict=result.conflict,
        segments=[_segment_row(number, segment) for number, segment in enumerate(result.segments, start=1)],
        faces=[_face_row(number, face) for number, face in enumerate(result.faces, start=1)],
        fingerprints=[fingerprint_row(number, bits) for number, bits in enumerate(record.fingerprints)],
    )


def result_of(row: Analysis) -> AnalysisResult:
    """Return the stored result without heatmaps.

    A clip's tracks are aggregated again from the stored logits.
    """
    faces = tuple(_face_of(face) for face in row.faces)
    decision = decision_of(row)
    error = None
    if row.error_code is not None:
        error = ErrorInfo(row.error_code, row.error_message or "The file could not be read.")
    return AnalysisResult(
        kind=cast(Kind, row.kind),
        outcome=cast(Outcome, row.outcome),
        verdict=cast(Verdict | None, row.verdict),
        fake_prob=row.fake_prob,
        faces=faces,
        model=ModelInfo(row.model_name, row.model_version, row.model_sha256),
        seconds=row.seconds,
        error=error,
        tracks=() if decision is None else aggregate_tracks(faces, decision),
        cautions=ordered_cautions((row.cautions or "").split(",")),
        segments=tuple(_segment_of(segment) for segment in row.segments),
        coverage=_coverage_of(row),
        provenance=provenance_of(row),
        conflict=cast(Conflict | None, row.conflict),
    )


def _provenance_json(provenance: Provenance) -> str:
    return FileProvenanceDocument.from_result(provenance).model_dump_json()


def provenance_of(row: Analysis) -> Provenance | None:
    """Return the stored provenance of an analysed file; None if it was not read."""
    if row.provenance is None:
        return None
    return FileProvenanceDocument.model_validate_json(row.provenance).to_result()


def decision_of(row: Analysis) -> DecisionConfig | None:
    """Return the thresholds in use at the time; None for results from before they were stored."""
    if row.temperature is None or row.real_below is None or row.fake_above is None:
        return None
    return DecisionConfig(temperature=row.temperature, real_below=row.real_below, fake_above=row.fake_above)


def _face_row(number: int, face: FaceResult) -> Face:
    x1, y1, x2, y2 = face.box
    quality = face.quality
    return Face(
        number=number,
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        detection_prob=face.detection_prob,
        fake_logit=face.fake_logit,
        fake_prob=face.fake_prob,
        verdict=face.verdict,
        time=face.time,
        track=face.track,
        not_judged=face.not_judged,
        side=None if quality is None else quality.side,
        sharpness=None if quality is None else quality.sharpness,
        inside=None if quality is None else quality.inside,
        roll=None if quality is None else quality.roll,
    )


def _face_of(row: Face) -> FaceResult:
    return FaceResult(
        box=(row.x1, row.y1, row.x2, row.y2),
        detection_prob=row.detection_prob,
        fake_logit=row.fake_logit,
        fake_prob=row.fake_prob,
        verdict=cast(Verdict | None, row.verdict),
        time=row.time,
        track=row.track,
        quality=quality_of(row),
        not_judged=cast(NotJudgedReason | None, row.not_judged),
    )


def quality_of(row: Face) -> FaceQuality | None:
    """Return the stored quality of a face; None for faces from before it was stored."""
    if row.side is None or row.sharpness is None or row.inside is None or row.roll is None:
        return None
    return FaceQuality(
        side=row.side,
        sharpness=row.sharpness,
        inside=row.inside,
        roll=row.roll,
        detection_prob=row.detection_prob,
    )


def _segment_row(number: int, segment: Segment) -> SegmentRow:
    return SegmentRow(
        number=number,
        track=segment.track,
        start_time=segment.start,
        end_time=segment.end,
        fake_logit=segment.fake_logit,
        fake_prob=segment.fake_prob,
        verdict=segment.verdict,
        frames=segment.frames,
        still=segment.still,
    )


def _segment_of(row: SegmentRow) -> Segment:
    return Segment(
        track=row.track,
        start=row.start_time,
        end=row.end_time,
        fake_prob=row.fake_prob,
        verdict=cast(Verdict, row.verdict),
        fake_logit=row.fake_logit,
        frames=row.frames,
        still=row.still,
    )


def _coverage_of(row: Analysis) -> Coverage | None:
    if row.frames_judged is None or row.seconds_covered is None or row.clip_seconds is None:
        return None
    return Coverage(row.frames_judged, row.seconds_covered, row.clip_seconds)
