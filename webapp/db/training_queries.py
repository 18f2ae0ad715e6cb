"""Queries of snapshots, fine-tuning runs and model versions. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from webapp.db.near_duplicates import fingerprint_bits, near_duplicates
from webapp.db.tables import (
    Analysis,
    Case,
    CaseItem,
    ChampionChange,
    Consent,
    Decision,
    ModelVersion,
    Snapshot,
    SnapshotItem,
    TuningRun,
)
from webapp.domain.enums import CaseState, LabelValue, ModelState, RunState, SnapshotState, Split

# True for an item whose analysis, case or decision was deleted.
_IS_ORPHANED = or_(
    SnapshotItem.analysis_id.is_(None), SnapshotItem.case_id.is_(None), SnapshotItem.decision_id.is_(None)
)


def lock_training(session: Session) -> None:
    """Take SQLite's write lock, so that nothing read afterwards changes before the commit."""
    # An update that matches no row takes the lock.
    if session.get_bind().dialect.name == "sqlite":
        session.execute(update(Snapshot).where(Snapshot.id == -1).values(real=0))


def decided_items(session: Session, before: datetime) -> list[tuple[Decision, CaseItem]]:
    """Return the decisions for real or fake that were made before a time and not undone.

    Each comes with the first item of its case that has a stored file. Cases without such an item are left
    out.
    """
    has_later_decision = exists().where(
        Decision.case_id == Case.id, Decision.undone_at.is_(None), Decision.decided_at >= before
    )
    query = (
        select(Case)
        .where(Case.state == CaseState.DECIDED, ~has_later_decision)
        .options(
            selectinload(Case.decisions),
            selectinload(Case.labels),
            selectinload(Case.items)
            .joinedload(CaseItem.analysis)
            .joinedload(Analysis.consent)
            .joinedload(Consent.media),
        )
        .order_by(Case.id)
    )
    pairs: list[tuple[Decision, CaseItem]] = []
    for case in session.scalars(query):
        decision = _current_decision(case)
        item = _first_item_with_media(case)
        if decision is None or item is None:
            continue
        if decision.value in (LabelValue.REAL, LabelValue.FAKE):
            pairs.append((decision, item))
    return pairs


def _current_decision(case: Case) -> Decision | None:
    """Return the last decision of the case that was not undone."""
    for decision in reversed(case.decisions):
        if decision.undone_at is None:
            return decision
    return None


def _first_item_with_media(case: Case) -> CaseItem | None:
    """Return the first item of the case that has a stored file."""
    for item in case.items:
        consent = item.analysis.consent
        if consent is not None and consent.media is not None:
            return item
    return None


def near_duplicate_pairs(session: Session, analyses: Iterable[Analysis]) -> list[tuple[int, int]]:
    """Return pairs of ids of these analyses whose images are near-duplicates; each also with itself."""
    analyses_by_id = {analysis.id: analysis for analysis in analyses}
    pairs: list[tuple[int, int]] = []
    for analysis in analyses_by_id.values():
        for row in analysis.fingerprints:
            duplicates = near_duplicates(session, fingerprint_bits(row))
            pairs.extend(
                (analysis.id, duplicate.analysis_id)
                for duplicate in duplicates
                if duplicate.analysis_id in analyses_by_id
            )
    return pairs


def previous_splits(session: Session) -> dict[int, str]:
    """Return the split of each analysis id in earlier snapshots."""
    rows = session.execute(
        select(SnapshotItem.analysis_id, SnapshotItem.split).where(SnapshotItem.analysis_id.is_not(None))
    )
    return {analysis_id: split for analysis_id, split in rows if analysis_id is not None}


def are_items_intact(session: Session, analyses: Collection[int], decisions: Collection[int]) -> bool:
    """Return True if all analyses still have a stored file and no decision was undone."""
    with_media = set(session.scalars(select(Consent.analysis_id).where(Consent.media_id.is_not(None))))
    not_undone = set(session.scalars(select(Decision.id).where(Decision.undone_at.is_(None))))
    return with_media.issuperset(analyses) and not_undone.issuperset(decisions)


def delete_orphaned_items(session: Session) -> list[str]:
    """Delete items whose analysis, case or decision was deleted, and mark their snapshots stale.

    Return the public ids of these snapshots. The caller deletes their folders.
    """
    stale_ids = list(session.scalars(select(SnapshotItem.snapshot_id).where(_IS_ORPHANED).distinct()))
    if not stale_ids:
        return []
    session.execute(delete(SnapshotItem).where(_IS_ORPHANED))
    session.execute(update(Snapshot).where(Snapshot.id.in_(stale_ids)).values(state=SnapshotState.STALE))
    return list(session.scalars(select(Snapshot.public_id).where(Snapshot.id.in_(stale_ids))))


def is_stale(session: Session, snapshot: Snapshot) -> bool:
    """Return True if the snapshot is marked stale, or an item was deleted or its decision undone."""
    lost_item = (
        select(SnapshotItem.id)
        .outerjoin(SnapshotItem.decision)
        .where(SnapshotItem.snapshot_id == snapshot.id)
        .where(or_(_IS_ORPHANED, Decision.undone_at.is_not(None)))
        .limit(1)
    )
    return snapshot.state == SnapshotState.STALE or session.scalar(lost_item) is not None


def counts_by_split(session: Session, snapshot: Snapshot) -> dict[str, dict[str, int]]:
    """Return the number of faces by split and label."""
    labels = (LabelValue.REAL, LabelValue.FAKE)
    counts = {str(split): {str(label): 0 for label in labels} for split in Split}
    query = (
        select(SnapshotItem.split, SnapshotItem.label, func.count())
        .where(SnapshotItem.snapshot_id == snapshot.id)
        .group_by(SnapshotItem.split, SnapshotItem.label)
    )
    for split, label, count in session.execute(query):
        counts[split][label] = count
    return counts


def was_gold_trained_on(session: Session, public_id: str) -> bool:
    """Return True if a file of the snapshot's gold split was in train or val of any snapshot."""
    trained_on = select(SnapshotItem.media_sha256).where(SnapshotItem.split != Split.GOLD)
    gold = (
        select(SnapshotItem.id)
        .join(SnapshotItem.snapshot)
        .where(SnapshotItem.split == Split.GOLD, Snapshot.public_id == public_id)
    )
    return session.scalar(gold.where(SnapshotItem.media_sha256.in_(trained_on)).limit(1)) is not None


def snapshot_by_public_id(session: Session, public_id: str) -> Snapshot | None:
    """Return the snapshot with this public id."""
    return session.scalar(select(Snapshot).where(Snapshot.public_id == public_id))


def newest_snapshot(session: Session) -> Snapshot | None:
    """Return the newest snapshot that is not stale."""
    return session.scalar(
        select(Snapshot).where(Snapshot.state == SnapshotState.FROZEN).order_by(Snapshot.id.desc()).limit(1)
    )


def recent_snapshots(session: Session, limit: int) -> Sequence[Snapshot]:
    """Return snapshots, newest first."""
    return session.scalars(select(Snapshot).order_by(Snapshot.id.desc()).limit(limit)).all()


def frozen_snapshot_ids(session: Session) -> set[str]:
    """Return the public ids of snapshots that are not stale."""
    return set(session.scalars(select(Snapshot.public_id).where(Snapshot.state == SnapshotState.FROZEN)))


def run_by_public_id(session: Session, public_id: str) -> TuningRun | None:
    """Return the run with this public id, with its snapshot."""
    return session.scalar(
        select(TuningRun).where(TuningRun.public_id == public_id).options(joinedload(TuningRun.snapshot))
    )


def running_run(session: Session) -> TuningRun | None:
    """Return the run whose state is `running`, with its snapshot."""
    return session.scalar(
        select(TuningRun).where(TuningRun.state == RunState.RUNNING).options(joinedload(TuningRun.snapshot))
    )


def recent_runs(session: Session, limit: int) -> Sequence[TuningRun]:
    """Return runs with their snapshots, newest first."""
    return session.scalars(
        select(TuningRun).options(joinedload(TuningRun.snapshot)).order_by(TuningRun.id.desc()).limit(limit)
    ).all()


def resumable_run(session: Session, snapshot_id: int, base_sha256: str, config: str) -> TuningRun | None:
    """Return the newest unfinished run of this snapshot, base and configuration."""
    query = (
        select(TuningRun)
        .where(
            TuningRun.snapshot_id == snapshot_id,
            TuningRun.base_sha256 == base_sha256,
            TuningRun.config == config,
            TuningRun.state.in_((RunState.WAITING, RunState.RUNNING, RunState.FAILED)),
        )
        .options(joinedload(TuningRun.snapshot))
        .order_by(TuningRun.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def version_by_name(session: Session, version: str) -> ModelVersion | None:
    """Return the version with this name."""
    return session.scalar(select(ModelVersion).where(ModelVersion.version == version))


def version_by_sha256(session: Session, sha256: str) -> ModelVersion | None:
    """Return the first version with these weights."""
    return session.scalar(
        select(ModelVersion).where(ModelVersion.sha256 == sha256).order_by(ModelVersion.id).limit(1)
    )


def champion(session: Session, source: str) -> ModelVersion | None:
    """Return the champion of a source of weights."""
    return session.scalar(
        select(ModelVersion).where(ModelVersion.state == ModelState.CHAMPION, ModelVersion.source == source)
    )


def last_champion_change(session: Session, source: str) -> ChampionChange | None:
    """Return the change that made the current champion; None if it is the first one."""
    query = (
        select(ChampionChange)
        .join(ChampionChange.after)
        .where(ModelVersion.source == source, ChampionChange.undone_at.is_(None))
        .options(joinedload(ChampionChange.before))
        .order_by(ChampionChange.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def all_versions(session: Session) -> Sequence[ModelVersion]:
    """Return versions, newest first."""
    return session.scalars(select(ModelVersion).order_by(ModelVersion.id.desc())).all()
