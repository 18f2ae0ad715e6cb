"""Queries of cases by a file: its receipt, its report, its bytes or its look. Nothing here commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from webapp.db.near_duplicates import near_duplicates
from webapp.db.tables import Analysis, Case, CaseItem, Consent, Media

# Analyses per query.
_BATCH = 500


@dataclass(frozen=True)
class FoundCase:
    """Case of a file. `distance` is that of the perceptual hashes in bits; None for the very same bytes."""

    case: Case
    distance: int | None


def cases_of_receipt(session: Session, receipt_hash: str) -> list[Case]:
    """Return the cases of the result with this receipt, oldest first."""
    return _cases_of(session, select(Analysis.id).where(Analysis.receipt_hash == receipt_hash))


def cases_of_report(session: Session, report_number: str) -> list[Case]:
    """Return the cases of the result whose reports have this number, oldest first."""
    return _cases_of(session, select(Analysis.id).where(Analysis.report_number == report_number))


def cases_of_bytes(session: Session, sha256: str, *, limit: int) -> list[Case]:
    """Return the newest cases of a file, oldest first, by the sha256 of the upload or of the stored copy."""
    uploaded = select(Analysis.id).where(Analysis.media_sha256 == sha256)
    stored = select(Consent.analysis_id).join(Consent.media).where(Media.sha256 == sha256)
    return _cases_of(session, select(union(uploaded, stored).subquery().c.id))[-limit:]


def cases_like(session: Session, hashes: Iterable[int], *, limit: int) -> list[FoundCase]:
    """Return the cases of near copies, nearest first, by perceptual hashes of 64 bits."""
    distances: dict[int, int] = {}
    for bits in hashes:
        for near in near_duplicates(session, bits):
            known_distance = distances.get(near.analysis_id, near.distance)
            distances[near.analysis_id] = min(near.distance, known_distance)
    nearest = sorted(distances, key=lambda analysis_id: (distances[analysis_id], analysis_id))
    case_distances = _case_distances(session, nearest, distances, limit)
    nearest_cases = list(case_distances)[:limit]
    cases = _cases_by_id(session, nearest_cases)
    return [FoundCase(cases[case_id], case_distances[case_id]) for case_id in nearest_cases]


def _cases_of(session: Session, analyses: Select[int]) -> list[Case]:
    items = select(CaseItem.case_id).where(CaseItem.analysis_id.in_(analyses))
    return list(session.scalars(select(Case).where(Case.id.in_(items)).order_by(Case.id)))


def _case_distances(
    session: Session, nearest: list[int], distances: Mapping[int, int], limit: int
) -> dict[int, int]:
    """Return the distance of each case, nearest first. Most near copies belong to no case."""
    found: dict[int, int] = {}
    for start in range(0, len(nearest), _BATCH):
        if len(found) >= limit:
            break
        batch = nearest[start : start + _BATCH]
        query = select(CaseItem.analysis_id, CaseItem.case_id).where(CaseItem.analysis_id.in_(batch))
        rows = [(distances[analysis_id], case_id) for analysis_id, case_id in session.execute(query)]
        for distance, case_id in sorted(rows):
            found.setdefault(case_id, distance)
    return found


def _cases_by_id(session: Session, case_ids: Collection[int]) -> dict[int, Case]:
    return {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(case_ids)))}
