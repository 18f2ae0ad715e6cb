"""Report on one analysis that a person can pass on: as JSON, and as a PDF with images.

Neither format contains the name or the path of the analysed file, or the receipt. The database is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laanet_core.documents import CoverageDocument, ErrorDocument, FileProvenanceDocument, SegmentDocument
from laanet_core.faces.face_scaling import Size, size_of
from laanet_core.inference.key_frames import Moment
from laanet_core.types import RGBImage
from webapp.services.reports.content import Report
from webapp.services.reports.document import (
    FileDocument,
    IdentityDocument,
    ReportDocument,
    ReportFace,
    ReportModel,
    ReportPerson,
    ReportReliability,
    ReportStability,
    ReportStatement,
    SizeDocument,
    StatementModel,
    ThresholdRules,
)
from webapp.services.reports.json_images import images
from webapp.services.reports.layout import build

__all__ = ["Report", "report_json", "report_pdf", "report_statement"]


def report_json(
    report: Report, rgb: RGBImage | None = None, moments: Sequence[Moment] = ()
) -> dict[str, Any]:
    """Return the report as an object of plain JSON values; `ReportDocument` describes its keys.

    `rgb` is the upright photo (H, W, 3) uint8 RGB, `moments` are the key frames of a video. A report without
    them has no images.
    """
    result = report.result
    tracks = [ReportPerson.from_result(track, person=track.track + 1) for track in result.tracks]
    segments = [SegmentDocument.from_result(segment) for segment in result.segments]
    coverage = result.coverage
    return ReportDocument(
        language=report.texts.code,
        created=_created(report),
        report=_identity(report),
        media=_file(report),
        model=_model(report),
        decision=_rules(report),
        outcome=result.outcome,
        verdict=result.verdict,
        fake_prob=None if result.fake_prob is None else round(result.fake_prob, 4),
        error=None if result.error is None else ErrorDocument.from_info(result.error),
        cautions=list(result.cautions),
        shown_verdict=report.shown.verdict,
        stability=_stability(report),
        faces=_faces(report),
        tracks=tracks if report.is_video else None,
        segments=None if coverage is None else segments,
        coverage=None if coverage is None else CoverageDocument.from_result(coverage),
        reliability=_reliability(report),
        images=images(result.faces, result.size, rgb, moments),
        provenance=_provenance(report),
        conflict=result.conflict,
        limits=report.limits(),
    ).to_json()


def report_statement(report: Report) -> ReportStatement:
    """Return the facts of a report for the signature of its PDF."""
    result = report.result
    model = result.model
    return ReportStatement(
        language=report.texts.code,
        created=_created(report),
        report=_identity(report),
        media=_file(report),
        model=StatementModel(name=model.name, version=model.version, sha256=model.sha256),
        outcome=result.outcome,
        verdict=result.verdict,
        shown_verdict=report.shown.verdict,
        fake_prob=None if result.fake_prob is None else round(result.fake_prob, 4),
        provenance=_provenance(report),
        conflict=result.conflict,
    )


def report_pdf(report: Report, rgb: RGBImage | None = None, moments: Sequence[Moment] = ()) -> bytes:
    """Return the report as a PDF of A4 pages; equal inputs give equal bytes.

    `rgb` is the upright photo (H, W, 3) uint8 RGB, `moments` are the key frames of a video. A report without
    them has text and numbers only. Raises ValueError if `rgb` has other proportions than the result.
    """
    if rgb is not None and not _shows_original(rgb, report.result.size):
        photo = f"{rgb.shape[1]} x {rgb.shape[0]}"
        raise ValueError(f"the photo has {photo} pixels, the result is of one with {report.result.size}")
    return build(report, rgb, moments)


def _shows_original(rgb: RGBImage, size: Size | None) -> bool:
    """Return whether a picture (H, W, 3) has the proportions of `size` (width, height) and is not larger."""
    if size is None:
        return True
    width, height = size_of(rgb)
    # Allow for rounding by one pixel per side.
    is_same_shape = abs(width * size[1] - height * size[0]) <= max(size)
    return is_same_shape and width <= size[0] and height <= size[1]


def _provenance(report: Report) -> FileProvenanceDocument | None:
    provenance = report.result.provenance
    return None if provenance is None else FileProvenanceDocument.from_result(provenance)


def _created(report: Report) -> str:
    return report.created_utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def _identity(report: Report) -> IdentityDocument | None:
    identity = report.identity
    if identity is None:
        return None
    return IdentityDocument(id=identity.number, host=identity.host or None, page=identity.page(report.texts))


def _file(report: Report) -> FileDocument:
    size = None
    if report.result.size is not None:
        width, height = report.result.size
        size = SizeDocument(width=width, height=height)
    return FileDocument(sha256=report.media_sha256, kind=report.result.kind, size=size)


def _model(report: Report) -> ReportModel:
    model = report.result.model
    return ReportModel(name=model.name, version=model.version, sha256=model.sha256, notice=report.notice)


def _rules(report: Report) -> ThresholdRules:
    decision = report.decision
    return ThresholdRules(
        temperature=round(decision.temperature, 4),
        real_below=round(decision.real_below, 4),
        fake_above=round(decision.fake_above, 4),
        min_face_size=decision.min_face_size,
        calibrated=decision.calibrated,
        group_power=decision.group_power,
        group_weight_exponent=decision.group_weight_exponent,
    )


def _faces(report: Report) -> list[ReportFace]:
    faces = []
    for number, face in enumerate(report.result.faces, start=1):
        person = None if face.track is None else face.track + 1
        faces.append(ReportFace.from_result(face, number=number, person=person))
    return faces


def _stability(report: Report) -> list[ReportStability] | None:
    if report.stabilities is None:
        return None
    numbers = {id(face): number for number, face in enumerate(report.result.faces, start=1)}
    return [
        ReportStability.from_result(entry.stability, number=numbers[id(entry.face)])
        for entry in report.checked()
    ]


def _reliability(report: Report) -> list[ReportReliability]:
    return [
        ReportReliability(number=subject.number, **subject.reliability.figures().model_dump())
        for subject in report.reliabilities()
    ]
